CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), e TIMESTAMP(3)
) WITH ('connector'='filesystem','path'='agg/array_agg2.jsonl','format'='json');
CREATE TABLE `result` (u STRING, x ARRAY<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, ARRAY_AGG(DISTINCT p) FROM ev GROUP BY u;
