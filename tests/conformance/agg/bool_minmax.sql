CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/bool_minmax.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BOOLEAN, b BOOLEAN, c STRING, e STRING, f BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, MIN(ok), MAX(ok), MIN(s), MAX(s), COUNT(ok) FROM ev GROUP BY u;
