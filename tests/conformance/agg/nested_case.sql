CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/nested_case.jsonl','format'='json');
CREATE TABLE `result` (k STRING, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT CASE WHEN v > 3 THEN 'high' WHEN v IS NULL THEN 'none' ELSE 'low' END AS k, COUNT(*) FROM ev GROUP BY CASE WHEN v > 3 THEN 'high' WHEN v IS NULL THEN 'none' ELSE 'low' END;
