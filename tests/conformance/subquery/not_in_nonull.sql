CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_nonull.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_nonull.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, u FROM ev WHERE u NOT IN (SELECT u FROM ev2 WHERE u IS NOT NULL);
