CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_04.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_s STRING, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 DECIMAL(38, 6)
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, window_start, window_end, AVG(m) FILTER (WHERE (k IS DISTINCT
  FROM 1) OR (f IS NOT TRUE)) AS a0
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '0' SECOND))
  GROUP BY window_start, window_end, s;
