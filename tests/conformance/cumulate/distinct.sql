CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='cumulate/distinct.jsonl','format'='json');
CREATE TABLE `result` (ws TIMESTAMP(3), we TIMESTAMP(3), a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, window_end, COUNT(DISTINCT u) FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '30' SECOND, INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
