CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/union_distinct.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/union_distinct.2.jsonl','format'='json');
CREATE TABLE `result` (u STRING, p STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, p FROM ev UNION SELECT u, p FROM ev2;
