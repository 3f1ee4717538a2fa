CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/minmax_time.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a TIMESTAMP(3), b TIMESTAMP(3), c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, MIN(ts), MAX(ts), TIMESTAMPDIFF(SECOND, MIN(ts), MAX(ts)) FROM ev GROUP BY u;
