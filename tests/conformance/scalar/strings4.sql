CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/strings4.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c INT, e STRING, f BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LTRIM(s), RTRIM(s), LOCATE('b', s), SUBSTR(s, 2, 3), STARTSWITH(s, 'f') FROM ev;
