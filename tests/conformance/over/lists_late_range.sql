CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/lists_late_range.jsonl','format'='json');
CREATE TABLE `result` (id INT, c STRING, a ARRAY<BIGINT>) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LISTAGG(s, '') OVER w, ARRAY_AGG(v) OVER w FROM ev WINDOW w AS (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW);
