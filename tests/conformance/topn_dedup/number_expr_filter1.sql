CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/number_expr_filter1.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, a, b FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id DESC) AS a, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id DESC) * 10 AS b FROM ev) WHERE a <= 2;
