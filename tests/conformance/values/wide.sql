CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/wide.jsonl','format'='json');
CREATE TABLE `result` (a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x FROM (VALUES (1), (CAST(5000000000 AS BIGINT))) AS t(x);
