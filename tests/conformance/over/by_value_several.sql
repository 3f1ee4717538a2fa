CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/by_value_several.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT, c STRING, e BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, FIRST_VALUE(v) OVER w, LAST_VALUE(v) OVER w, LISTAGG(s) OVER w, SUM(v) OVER w FROM ev WINDOW w AS (PARTITION BY k ORDER BY d);
