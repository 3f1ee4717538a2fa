CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/first_last.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT, c STRING, e STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, FIRST_VALUE(v), LAST_VALUE(v), FIRST_VALUE(s), LAST_VALUE(s) FROM ev GROUP BY u;
