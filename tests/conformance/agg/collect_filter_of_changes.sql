CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='agg/collect_filter_of_changes.jsonl','format'='json');
CREATE TABLE `result` (m BIGINT, c MULTISET<BIGINT>) WITH ('connector'='print');
INSERT INTO `result`
SELECT m, COLLECT(n) FILTER (WHERE n > 1) FROM (SELECT k, COUNT(*) AS n, MAX(v) AS m FROM ev GROUP BY k) GROUP BY m;
