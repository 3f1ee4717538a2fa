CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/number_then_aggregate.jsonl','format'='json');
CREATE TABLE `result` (k STRING, m BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, MAX(r) FROM (SELECT k, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) * 2 AS r FROM ev) GROUP BY k;
