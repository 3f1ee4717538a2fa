CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_07.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE k IN (0, 2);
CREATE TABLE `result` (
  c0_k INT, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 DOUBLE, c4_a1 DOUBLE, c5_a2 DOUBLE, c6_a3 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, MIN(d) AS a0, ROUND(STDDEV_POP(d), 6) AS a1, ROUND(STDDEV_POP(d), 6) AS a2, COUNT(DISTINCT v) FILTER (WHERE v IS NOT NULL) AS a3
  FROM TABLE(SESSION(TABLE w1 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '5' SECOND))
  GROUP BY window_start, window_end, k
  HAVING COUNT(DISTINCT v) < 4;
