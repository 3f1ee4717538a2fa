CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/distinct_filter.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, COUNT(DISTINCT p) FILTER (WHERE ok), COUNT(DISTINCT v) FROM ev GROUP BY u;
