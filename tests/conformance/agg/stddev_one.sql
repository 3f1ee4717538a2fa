CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/stddev_one.jsonl','format'='json');
CREATE TABLE `result` (v BIGINT, a DOUBLE, b DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT v, STDDEV_SAMP(d), VAR_POP(d) FROM ev WHERE id < 8 GROUP BY v;
