CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='tumble/window_where.jsonl','format'='json');
CREATE TABLE `result` (u STRING, ws TIMESTAMP(3), a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) WHERE window_start > TIMESTAMP '2025-10-09 08:55:00' GROUP BY u, window_start, window_end;
