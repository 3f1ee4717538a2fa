CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/percentile.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b DOUBLE, c DOUBLE, d DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, PERCENTILE(v, 0.5), PERCENTILE(d, 0.25), PERCENTILE(v, 1) FROM ev GROUP BY u;
