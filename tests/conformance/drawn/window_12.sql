CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_12.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_s STRING, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 DOUBLE, c4_a1 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, window_start, window_end, AVG(d) AS a0, MIN(v) AS a1
  FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '3' SECOND, INTERVAL '9' SECOND, INTERVAL '1' SECOND))
  GROUP BY window_start, window_end, s;
