CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_02.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_window_start TIMESTAMP(3), c3_window_end TIMESTAMP(3), c4_a0 BIGINT, c5_a1 DOUBLE, c6_a2 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, window_start, window_end, COUNT(DISTINCT s) AS a0, AVG(d) AS a1, SUM(DISTINCT v) AS a2
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '30' SECOND))
  GROUP BY window_start, window_end, k, s;
