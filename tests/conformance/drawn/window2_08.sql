CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window2_08.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, window_start, window_end, window_time, AVG(b) AS a0, SUM(CASE WHEN (v > 6) AND (k IS DISTINCT
  FROM 1) THEN 1 ELSE 0 END) AS a1
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '3' SECOND))
  GROUP BY window_start, window_end, window_time, k;
CREATE VIEW w2 AS SELECT k, window_time, a0, a1
  FROM w1;
CREATE TABLE `result` (
  c0_k INT, c1_ws TIMESTAMP(3), c2_we TIMESTAMP(3), c3_n BIGINT, c4_sx INT, c5_mx INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) AS n, SUM(a1) AS sx, MAX(a1) AS mx
  FROM TABLE(HOP(TABLE w2, DESCRIPTOR(window_time), INTERVAL '30' SECOND, INTERVAL '150' SECOND(3)))
  GROUP BY window_start, window_end, k;
