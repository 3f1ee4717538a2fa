CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='session/two_keys.jsonl','format'='json');
CREATE TABLE `result` (u STRING, p STRING, ws TIMESTAMP(3), we TIMESTAMP(3), a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, p, window_start, window_end, COUNT(*) FROM TABLE(SESSION(TABLE ev PARTITION BY (u, p), DESCRIPTOR(ts), INTERVAL '12' SECOND)) GROUP BY u, p, window_start, window_end;
