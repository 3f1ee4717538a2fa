CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/stddev.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT, c DOUBLE, e DOUBLE, f DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, STDDEV_POP(v), VAR_SAMP(v), STDDEV_SAMP(d), VAR_POP(d), STDDEV(d) FROM ev WHERE d < 100 GROUP BY u;
