CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/by_value_and_number.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY d), COUNT(*) OVER (PARTITION BY k ORDER BY d ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW) FROM ev;
