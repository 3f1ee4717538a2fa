CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='session/global.jsonl','format'='json');
CREATE TABLE `result` (ws TIMESTAMP(3), we TIMESTAMP(3), a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, window_end, SUM(v) FROM TABLE(SESSION(TABLE ev, DESCRIPTOR(ts), INTERVAL '4' SECOND)) GROUP BY window_start, window_end;
