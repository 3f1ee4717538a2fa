CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/lists_of_peers.jsonl','format'='json');
CREATE TABLE `result` (id INT, l STRING, a ARRAY<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LISTAGG(k) OVER w, ARRAY_AGG(k) OVER w FROM ev WINDOW w AS (ORDER BY ts RANGE BETWEEN INTERVAL '1' SECOND PRECEDING AND CURRENT ROW);
