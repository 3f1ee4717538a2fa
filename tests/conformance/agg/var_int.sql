CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/var_int.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a INT, b INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, VAR_POP(id), STDDEV_SAMP(id) FROM ev GROUP BY u;
