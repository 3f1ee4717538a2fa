CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/rollup.jsonl','format'='json');
CREATE TABLE `result` (u STRING, p STRING, a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, p, SUM(v) FROM ev GROUP BY ROLLUP (u, p);
