CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/number_beside_its_next.jsonl','format'='json');
CREATE TABLE `result` (id INT, q BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, q FROM (SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id) AS r, ROW_NUMBER() OVER (PARTITION BY k ORDER BY id) + 1 AS q FROM ev) WHERE q = 3;
