CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='agg/collect_decimals.jsonl','format'='json');
CREATE TABLE `result` (k STRING, c MULTISET<DECIMAL(10, 2)>, e MULTISET<DECIMAL(38, 10)>) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COLLECT(CAST(d AS DECIMAL(10, 2))), COLLECT(CAST(d * 123456789.123 AS DECIMAL(38, 10)) * -100000000000) FROM ev GROUP BY k;
