CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/collect_range.jsonl','format'='json');
CREATE TABLE `result` (id INT, c MULTISET<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, COLLECT(s) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '3' SECOND PRECEDING AND CURRENT ROW) FROM ev;
