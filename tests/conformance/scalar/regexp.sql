CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/regexp.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b BOOLEAN, c STRING, e STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, REGEXP_EXTRACT(p, '/([a-z])(.*)', 2), REGEXP(p, '^/[xy]$'), REGEXP_REPLACE(s, '[aeiou]', '#'), SPLIT_INDEX(s, ',', 1) FROM ev;
