CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_03.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_window_end TIMESTAMP(3), c2_window_time TIMESTAMP(3), c3_a0 STRING
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_end, window_time, MIN(s) AS a0
  FROM TABLE(SESSION(TABLE ev PARTITION BY k, DESCRIPTOR(ts), INTERVAL '2' SECOND))
  GROUP BY window_start, window_end, window_time, k;
