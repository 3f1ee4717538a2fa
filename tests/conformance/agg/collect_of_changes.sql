CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='agg/collect_of_changes.jsonl','format'='json');
CREATE TABLE `result` (n BIGINT, c MULTISET<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT n, COLLECT(k) FROM (SELECT k, COUNT(*) AS n FROM ev GROUP BY k) GROUP BY n;
