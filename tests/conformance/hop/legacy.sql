CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='hop/legacy.jsonl','format'='json');
CREATE TABLE `result` (u STRING, ws TIMESTAMP(3), a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, HOP_START(ts, INTERVAL '10' SECOND, INTERVAL '30' SECOND), COUNT(*) FROM ev GROUP BY u, HOP(ts, INTERVAL '10' SECOND, INTERVAL '30' SECOND);
