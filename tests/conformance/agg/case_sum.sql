CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/case_sum.jsonl','format'='json');
CREATE TABLE `result` (p STRING, a BIGINT, b BIGINT, c DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT p, SUM(CASE WHEN ok THEN v ELSE 0 END), COUNT(*) FILTER (WHERE v > 2 OR d IS NULL), SUM(d) FILTER (WHERE ok) FROM ev GROUP BY p HAVING COUNT(*) > 3;
