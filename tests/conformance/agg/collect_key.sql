CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='agg/collect_key.jsonl','format'='json');
CREATE TABLE `result` (c MULTISET<STRING>, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT c, COUNT(*) FROM (SELECT k, COLLECT(s) AS c FROM ev GROUP BY k) GROUP BY c;
