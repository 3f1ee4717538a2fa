CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='over/by_text.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, FIRST_VALUE(v) OVER w, MAX(s) OVER w FROM ev WINDOW w AS (PARTITION BY ok ORDER BY s);
