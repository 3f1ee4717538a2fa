CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='session/legacy.jsonl','format'='json');
CREATE TABLE `result` (u STRING, ws TIMESTAMP(3), we TIMESTAMP(3), a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, SESSION_START(ts, INTERVAL '8' SECOND), SESSION_END(ts, INTERVAL '8' SECOND), COUNT(*) FROM ev GROUP BY u, SESSION(ts, INTERVAL '8' SECOND);
