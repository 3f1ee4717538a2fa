CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/substr.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c STRING, e STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, SUBSTRING(s, 2), SUBSTRING(s FROM 2 FOR 2), SUBSTRING(s, -2), SUBSTRING(s, 0, 2) FROM ev;
