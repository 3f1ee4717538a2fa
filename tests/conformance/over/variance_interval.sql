CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/variance_interval.jsonl','format'='json');
CREATE TABLE `result` (a INT, b DOUBLE, c BIGINT, d DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, VAR_POP(d) OVER w, COUNT(d) OVER w, MAX(d) OVER w FROM ev WINDOW w AS (ORDER BY ts RANGE BETWEEN INTERVAL '3' SECOND PRECEDING AND CURRENT ROW);
