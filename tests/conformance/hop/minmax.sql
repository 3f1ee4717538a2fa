CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='hop/minmax.jsonl','format'='json');
CREATE TABLE `result` (u STRING, ws TIMESTAMP(3), a BIGINT, b BIGINT, c DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, window_start, MIN(v), MAX(v), AVG(d) FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '1' MINUTE)) GROUP BY u, window_start, window_end;
