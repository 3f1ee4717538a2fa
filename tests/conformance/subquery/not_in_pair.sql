CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_pair.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_pair.2.jsonl','format'='json');
CREATE TABLE `result` (a INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id FROM ev WHERE (u, p) NOT IN (SELECT u, p FROM ev2 WHERE u IS NOT NULL);
