CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/lists_beside_others.jsonl','format'='json');
CREATE TABLE `result` (id INT, l STRING, m BIGINT, a ARRAY<BIGINT>, d BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LISTAGG(DISTINCT s) OVER w, MIN(v) OVER w, ARRAY_AGG(DISTINCT v) OVER w, COUNT(DISTINCT v) OVER w FROM ev WINDOW w AS (ORDER BY ts ROWS BETWEEN 3 PRECEDING AND CURRENT ROW);
