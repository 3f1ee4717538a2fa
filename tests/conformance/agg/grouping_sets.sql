CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/grouping_sets.jsonl','format'='json');
CREATE TABLE `result` (u STRING, p STRING, a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, p, COUNT(*) FROM ev GROUP BY GROUPING SETS ((u), (p), ());
