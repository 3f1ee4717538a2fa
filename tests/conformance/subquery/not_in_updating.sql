CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_updating.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_updating.2.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, n FROM (SELECT u, COUNT(*) AS n FROM ev GROUP BY u) WHERE n NOT IN (SELECT COUNT(*) FROM ev2 GROUP BY u);
