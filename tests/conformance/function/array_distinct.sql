CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/array_distinct.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 ARRAY<BIGINT>, c1 ARRAY<STRING>, c2 ARRAY<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ARRAY_DISTINCT(ARRAY[v,10,20,v,NULL]), ARRAY_DISTINCT(ARRAY[u,p,u]), ARRAY_REVERSE(ARRAY[u, p, s]) FROM ev;
