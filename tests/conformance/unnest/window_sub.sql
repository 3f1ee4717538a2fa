CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/window_sub.jsonl','format'='json');
CREATE TABLE `result` (a TIMESTAMP(3), b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_end, x, SUM(v) FROM (SELECT window_start, window_end, x, v FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) CROSS JOIN UNNEST(ARRAY[u, p]) AS t(x)) GROUP BY window_start, window_end, x;
