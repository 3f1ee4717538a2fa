CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/variance.jsonl','format'='json');
CREATE TABLE `result` (a INT, b DOUBLE, c DOUBLE, d DOUBLE, e DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, STDDEV_POP(d) OVER w, STDDEV_SAMP(d) OVER w, VAR_POP(d) OVER w, VAR_SAMP(d) OVER w FROM ev WINDOW w AS (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
