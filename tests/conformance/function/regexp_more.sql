CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/regexp_more.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 INT, c1 INT, c2 INT, c3 INT, c4 STRING, c5 ARRAY<STRING>, c6 ARRAY<STRING>, c7 ARRAY<STRING>, c8 ARRAY<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, REGEXP_COUNT(s, 'o'), REGEXP_INSTR(s, '[ao]'), REGEXP_COUNT(s, 'a|b'), REGEXP_INSTR(s, 'zz'), REGEXP_SUBSTR(s, '[aeiou]+.?'), REGEXP_EXTRACT_ALL(s, '[a-z]'), REGEXP_EXTRACT_ALL(s, '([a-z])(.)?', 1), REGEXP_EXTRACT_ALL(s, '([a-z])', 0), REGEXP_EXTRACT_ALL(s, '([a-z])', 3) FROM ev;
