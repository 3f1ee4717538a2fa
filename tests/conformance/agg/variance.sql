CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/variance.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, VARIANCE(d) FROM ev WHERE d<100 GROUP BY u;
