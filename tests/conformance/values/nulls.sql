CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/nulls.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT x, y FROM (VALUES (1, 'a'), (CAST(NULL AS INT), CAST(NULL AS STRING))) AS t(x, y);
