CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/unbounded.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, SUM(v) OVER (ORDER BY ts), COUNT(DISTINCT p) OVER (ORDER BY ts) FROM ev;
