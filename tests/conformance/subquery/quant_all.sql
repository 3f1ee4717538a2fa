CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/quant_all.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/quant_all.2.jsonl','format'='json');
CREATE TABLE `result` (a INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id FROM ev WHERE v >= ALL (SELECT w FROM ev2);
