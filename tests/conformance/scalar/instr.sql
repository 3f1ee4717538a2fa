CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/instr.jsonl','format'='json');
CREATE TABLE `result` (id INT, a INT, b STRING, c STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, INSTR(s, 'o'), HEX(s), TRANSLATE(s, 'ao', 'AO') FROM ev;
