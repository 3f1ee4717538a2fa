CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/union.jsonl','format'='json');
CREATE TABLE `result` (a STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u FROM ev UNION SELECT k FROM (VALUES ('a'), ('zz')) AS t(k);
