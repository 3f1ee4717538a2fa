CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/lists_by_value_of_changes.jsonl','format'='json');
CREATE TABLE `result` (k STRING, a BIGINT, b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, n, LISTAGG(k) OVER w, SUM(n) OVER w FROM (SELECT k, COUNT(v) AS n FROM ev GROUP BY k) WINDOW w AS (ORDER BY k);
