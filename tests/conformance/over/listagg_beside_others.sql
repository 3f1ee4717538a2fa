CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/listagg_beside_others.jsonl','format'='json');
CREATE TABLE `result` (id INT, c STRING, n BIGINT, sm BIGINT, u STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LISTAGG(s) OVER w, COUNT(*) OVER w, SUM(v) OVER w, UPPER(LISTAGG(s) OVER w) FROM ev WINDOW w AS (PARTITION BY k ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
