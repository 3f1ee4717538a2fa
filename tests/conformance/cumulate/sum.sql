CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='cumulate/sum.jsonl','format'='json');
CREATE TABLE `result` (u STRING, ws TIMESTAMP(3), we TIMESTAMP(3), a BIGINT, b DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, window_start, window_end, SUM(v), MAX(d) FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '20' SECOND, INTERVAL '2' MINUTE)) GROUP BY u, window_start, window_end;
