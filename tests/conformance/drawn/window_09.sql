CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_09.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE d BETWEEN 3 AND 30.5;
CREATE TABLE `result` (
  c0_k INT, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 INT, c4_a1 DECIMAL(8, 2), c5_a2 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, MIN(v) FILTER (WHERE (f) AND (s LIKE 'a%')) AS a0, MIN(m) FILTER (WHERE f IS NOT TRUE) AS a1, SUM(v) FILTER (WHERE (f) AND (CHAR_LENGTH(s) > 0)) AS a2
  FROM TABLE(TUMBLE(TABLE w1, DESCRIPTOR(ts), INTERVAL '1' SECOND))
  WHERE s <> 'a'
  GROUP BY window_start, window_end, k;
