CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/trim_from.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, TRIM(LEADING FROM '  x '), TRIM(TRAILING FROM '  x '), TRIM(BOTH FROM '  x '), TRIM(BOTH 'f' FROM s), BTRIM(s, 'fb'), LTRIM(s, 'fb'), RTRIM(s, 'or') FROM ev;
