CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/strings.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c STRING, e STRING, f STRING, g INT, h STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, INITCAP(s), REVERSE(s), LPAD(s, 6, '*'), RPAD(s, 6, '-'), REPEAT(s, 2), POSITION('a' IN s), LEFT(s, 2) FROM ev;
