CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/lists_late_unbounded.jsonl','format'='json');
CREATE TABLE `result` (id INT, c STRING, n INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LISTAGG(DISTINCT s) OVER w, CARDINALITY(ARRAY_AGG(v) OVER w) FROM ev WINDOW w AS (PARTITION BY k ORDER BY ts);
