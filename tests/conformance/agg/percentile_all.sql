CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/percentile_all.jsonl','format'='json');
CREATE TABLE `result` (a DOUBLE, b DOUBLE, c DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT PERCENTILE(v, 0.9), PERCENTILE(d, 0), PERCENTILE(id, 0.375) FILTER (WHERE ok) FROM ev;
