CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/no_from.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c ARRAY<INT>) WITH ('connector'='print');
INSERT INTO `result`
SELECT 1 + 1, UPPER('x'), ARRAY[1, 2];
