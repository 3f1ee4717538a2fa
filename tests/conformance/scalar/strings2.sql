CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/strings2.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c STRING, e INT, f STRING, g STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, TRIM(LEADING 'f' FROM s), TRIM(BOTH 'o' FROM s), OVERLAY(s PLACING 'XX' FROM 2 FOR 1), ASCII(s), CHR(65 + id), RIGHT(s, 2) FROM ev;
