CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_16.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE k IS DISTINCT
  FROM 1;
CREATE TABLE `result` (
  c0_s STRING, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_window_time TIMESTAMP(3), c4_a0 BIGINT, c5_a1 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, window_start, window_end, window_time, COUNT(*) AS a0, AVG(b) AS a1
  FROM TABLE(HOP(TABLE w1, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
  WHERE s <> 'a'
  GROUP BY window_start, window_end, window_time, s;
