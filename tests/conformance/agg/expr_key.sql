CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/expr_key.jsonl','format'='json');
CREATE TABLE `result` (k STRING, a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT COALESCE(u, 'none') || p AS k, COUNT(*) FROM ev GROUP BY COALESCE(u, 'none') || p;
