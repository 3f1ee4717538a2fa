CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='set_operation/distinct.jsonl','format'='json');
CREATE TABLE `result` (a STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT DISTINCT u FROM ev;
