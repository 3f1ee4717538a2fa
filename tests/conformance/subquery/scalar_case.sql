CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_case.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_case.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CASE WHEN v > (SELECT AVG(w) FROM ev2) THEN 'high' WHEN v IS NULL THEN '?' ELSE 'low' END FROM ev;
