CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_06.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (k IN (0, 2)) AND (b IS NULL OR v < 5);
CREATE TABLE `result` (
  c0_k INT, c1_window_end TIMESTAMP(3), c2_a0 DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_end, ROUND(STDDEV_POP(d), 6) AS a0
  FROM TABLE(SESSION(TABLE w1 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '7' SECOND))
  WHERE v IS NOT NULL
  GROUP BY window_start, window_end, k;
