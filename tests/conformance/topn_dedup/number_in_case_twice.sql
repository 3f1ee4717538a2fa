CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/number_in_case_twice.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CASE WHEN ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) <= 3 THEN 'low' ELSE CAST(ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) AS STRING) END FROM ev;
