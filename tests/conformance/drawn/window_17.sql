CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_17.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (f IS NOT TRUE) OR ((k IN (0, 2)) AND (CHAR_LENGTH(s) > 0));
CREATE TABLE `result` (
  c0_k INT, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_window_time TIMESTAMP(3), c4_a0 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, window_time, SUM(b) AS a0
  FROM TABLE(SESSION(TABLE w1 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '7' SECOND))
  GROUP BY window_start, window_end, window_time, k;
