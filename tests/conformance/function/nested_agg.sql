CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/nested_agg.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a INT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, MAX(REGEXP_COUNT(s, '[a-z]')), MIN(ARRAY_JOIN(ARRAY[p, s], '/')) FROM ev GROUP BY u;
