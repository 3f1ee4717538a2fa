CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/array_agg_rows_of_rows.jsonl','format'='json');
CREATE TABLE `result` (id INT, a ARRAY<ROW<k STRING, v BIGINT>>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ARRAY_AGG(ROW(k, v)) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM ev;
