CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_01.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_window_start TIMESTAMP(3), c3_window_end TIMESTAMP(3), c4_window_time TIMESTAMP(3), c5_a0 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, window_start, window_end, window_time, COUNT(DISTINCT s) AS a0
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '3' SECOND))
  GROUP BY window_start, window_end, window_time, CUBE (k, s);
