CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/lists_in_expressions.jsonl','format'='json');
CREATE TABLE `result` (id INT, l STRING, n INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LISTAGG(CONCAT(k, CAST(v AS STRING)), '; ') OVER w || '.', CARDINALITY(ARRAY_AGG(v) OVER w) FROM ev WINDOW w AS (PARTITION BY ok ORDER BY ts ROWS BETWEEN 4 PRECEDING AND CURRENT ROW);
