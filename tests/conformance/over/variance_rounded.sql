CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/variance_rounded.jsonl','format'='json');
CREATE TABLE `result` (a INT, b INT, c INT, d INT, e INT, f BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, VAR_POP(id) OVER w, VAR_SAMP(id) OVER w, STDDEV_POP(id) OVER w, STDDEV_SAMP(id) OVER w, VAR_POP(v) OVER w FROM ev WINDOW w AS (ORDER BY ts ROWS BETWEEN 2 PRECEDING AND CURRENT ROW);
