CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/rows.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 ROW<a INT, b STRING>, c1 ROW<a INT, b STRING>, c2 ROW<x ROW<a INT>, y ARRAY<INT>>, c3 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ROW(id, s), (id, s), ROW(ROW(id), ARRAY[1,2]), CAST(ROW(v, u) AS ROW<n STRING, m STRING>).n FROM ev;
