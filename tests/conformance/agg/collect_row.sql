CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='agg/collect_row.jsonl','format'='json');
CREATE TABLE `result` (k STRING, c MULTISET<ROW<a STRING, b BIGINT>>) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COLLECT(ROW(k, v)) FROM ev GROUP BY k;
