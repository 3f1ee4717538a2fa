CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/url2.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c STRING, e STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, PARSE_URL('https://u:p@h.com:8/a/b?x=1&y=2#r', 'HOST'), PARSE_URL('https://u:p@h.com:8/a/b?x=1&y=2#r', 'AUTHORITY'), PARSE_URL('https://u:p@h.com:8/a/b?x=1&y=2#r', 'FILE'), URL_DECODE(URL_ENCODE(s || ' &')) FROM ev;
