CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/expression_key.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, SUM(v + 1) OVER (PARTITION BY UPPER(u) ORDER BY ts) * 2 FROM ev;
