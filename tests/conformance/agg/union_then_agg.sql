CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/union_then_agg.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/union_then_agg.2.jsonl','format'='json');
CREATE TABLE `result` (u STRING, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, COUNT(*) FROM (SELECT u FROM ev UNION ALL SELECT u FROM ev2) GROUP BY u;
