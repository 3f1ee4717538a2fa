CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/window_of_view.jsonl','format'='json');
CREATE VIEW sp AS SELECT id, ts, x FROM ev CROSS JOIN UNNEST(SPLIT(s, ',')) AS t(x);
CREATE TABLE `result` (a TIMESTAMP(3), b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, x, COUNT(*) FROM TABLE(TUMBLE(TABLE sp, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, x;
