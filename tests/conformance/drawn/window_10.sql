CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_10.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_window_start TIMESTAMP(3), c3_window_end TIMESTAMP(3), c4_a0 STRING, c5_a1 DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, window_start, window_end, MIN(s) AS a0, SUM(d) AS a1
  FROM TABLE(SESSION(TABLE ev PARTITION BY (k, s), DESCRIPTOR(ts), INTERVAL '3' SECOND))
  GROUP BY window_start, window_end, k, s
  HAVING COUNT(*) > 1;
