CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='agg/collect_rollup.jsonl','format'='json');
CREATE TABLE `result` (k STRING, c MULTISET<BIGINT>) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COLLECT(v) FROM ev GROUP BY ROLLUP (k);
