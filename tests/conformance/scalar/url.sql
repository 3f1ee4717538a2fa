CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/url.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING, c STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, PARSE_URL('http://h:80' || p, 'PATH'), PARSE_URL('http://h' || p, 'QUERY', 'q'), URL_ENCODE(s) FROM ev;
