CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/window_full.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/window_full.2.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT COALESCE(l.u, r.u), l.n, r.n FROM (SELECT u, window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY u, window_start, window_end) l FULL JOIN (SELECT u, window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ev2, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY u, window_start, window_end) r ON l.u = r.u AND l.window_start = r.window_start AND l.window_end = r.window_end;
