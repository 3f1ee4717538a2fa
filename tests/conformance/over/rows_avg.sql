CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/rows_avg.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DOUBLE, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, AVG(d) OVER w, MAX(v) OVER w FROM ev WINDOW w AS (PARTITION BY p ORDER BY ts ROWS BETWEEN 4 PRECEDING AND CURRENT ROW);
