CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_select.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_select.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, (SELECT MAX(w) FROM ev2) FROM ev;
