CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/strings3.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c STRING, e STRING, f STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, MD5(s), SHA256(s), TO_BASE64(s), SHA1(s), FROM_BASE64(TO_BASE64(s)) FROM ev;
