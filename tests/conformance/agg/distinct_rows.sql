CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/distinct_rows.jsonl','format'='json');
CREATE TABLE `result` (p STRING, ok BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT DISTINCT p, ok FROM ev;
