CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/sum_distinct.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, SUM(DISTINCT v), COUNT(DISTINCT s), AVG(DISTINCT v) FROM ev GROUP BY u;
