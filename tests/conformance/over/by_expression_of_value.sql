CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/by_expression_of_value.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, FIRST_VALUE(v) OVER (PARTITION BY k ORDER BY v * 2 - id) + 1 FROM ev;
