CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/variance_int.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, STDDEV_POP(v) OVER w, VAR_SAMP(v) OVER w FROM ev WINDOW w AS (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
