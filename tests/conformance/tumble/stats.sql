CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='tumble/stats.jsonl','format'='json');
CREATE TABLE `result` (u STRING, ws TIMESTAMP(3), a BIGINT, b DOUBLE, c BIGINT, e BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, window_start, COUNT(*), AVG(d), MIN(v), COUNT(DISTINCT p) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY u, window_start, window_end;
