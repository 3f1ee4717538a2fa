CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='set_operation/intersect.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='set_operation/intersect.2.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, p FROM ev INTERSECT SELECT u, p FROM ev2;
