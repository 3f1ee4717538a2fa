CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='pipeline/window_join_top.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='pipeline/window_join_top.2.jsonl','format'='json');
CREATE VIEW a AS SELECT u, window_start, window_end, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY u, window_start, window_end;
CREATE VIEW b AS SELECT u, window_start, window_end, MAX(v) AS m FROM TABLE(TUMBLE(TABLE ev2, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY u, window_start, window_end;
CREATE TABLE `result` (ws TIMESTAMP(3), u STRING, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT l.window_start, l.u, l.n, r.m FROM a l JOIN b r ON l.window_start = r.window_start AND l.window_end = r.window_end AND l.u = r.u;
