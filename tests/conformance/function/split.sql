CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/split.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 ARRAY<STRING>, c1 ARRAY<STRING>, c2 ARRAY<STRING>, c3 STRING, c4 ARRAY<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, SPLIT(s, ','), SPLIT(s, ''), SPLIT(s, 'o'), SPLIT(s, ',')[2], SPLIT(s, u) FROM ev;
