CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/by_value_all_calls.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b STRING, c STRING, e DOUBLE, f BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, FIRST_VALUE(v) OVER w, LAST_VALUE(s) OVER w, LISTAGG(s, '') OVER w, AVG(d) OVER w, COUNT(DISTINCT v) OVER w FROM ev WINDOW w AS (PARTITION BY k ORDER BY v);
