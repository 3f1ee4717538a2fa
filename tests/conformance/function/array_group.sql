CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/array_group.jsonl','format'='json');
CREATE TABLE `result` (a ARRAY<STRING>, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT arr, COUNT(*) FROM (SELECT ARRAY[u, p] AS arr FROM ev) GROUP BY arr;
