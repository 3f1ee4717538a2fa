CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/number_expr.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) + 1 FROM ev;
