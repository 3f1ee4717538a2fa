CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/variance_range.jsonl','format'='json');
CREATE TABLE `result` (a INT, b DOUBLE, c DOUBLE, d DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, STDDEV(d) OVER w, VARIANCE(d) OVER w, STDDEV_POP(d) OVER w FROM ev WINDOW w AS (PARTITION BY p ORDER BY ts);
