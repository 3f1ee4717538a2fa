CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/arrays.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 ARRAY<INT>, c1 ARRAY<STRING>, c2 ARRAY<BIGINT>, c3 ARRAY<DOUBLE>, c4 ARRAY<BIGINT>, c5 ARRAY<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ARRAY[1,2,id], ARRAY[s,u], ARRAY[v, 1], ARRAY[d, v], ARRAY[CAST(NULL AS BIGINT)], CAST(ARRAY[id, v] AS ARRAY<STRING>) FROM ev;
