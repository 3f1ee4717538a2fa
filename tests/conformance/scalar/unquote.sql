CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), e TIMESTAMP(3)
) WITH ('connector'='filesystem','path'='scalar/unquote.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, JSON_UNQUOTE(s) FROM ev;
