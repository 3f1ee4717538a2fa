CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/unicode.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, U&'\00e4x', U&'!00e4' UESCAPE '!', U&'plain', UPPER(U&'\00e4') FROM ev;
