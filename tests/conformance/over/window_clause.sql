CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/window_clause.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT, c DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, COUNT(*) OVER w, SUM(v) OVER w, AVG(d) OVER w FROM ev WINDOW w AS (PARTITION BY u ORDER BY ts RANGE BETWEEN INTERVAL '20' SECOND PRECEDING AND CURRENT ROW);
