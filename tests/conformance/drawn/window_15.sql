CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_15.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_s STRING, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_window_time TIMESTAMP(3), c4_a0 BIGINT, c5_a1 DOUBLE, c6_a2 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, window_start, window_end, window_time, COUNT(s) AS a0, ROUND(VAR_SAMP(d), 6) AS a1, SUM(v * 2 + 1) FILTER (WHERE k IN (0, 2)) AS a2
  FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '3' SECOND, INTERVAL '9' SECOND))
  WHERE MOD(v, 2) = 0
  GROUP BY window_start, window_end, window_time, s;
