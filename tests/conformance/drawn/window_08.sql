CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_08.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_f BOOLEAN, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 DECIMAL(8, 2), c4_a1 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT f, window_start, window_end, MAX(m) AS a0, SUM(CASE WHEN m >= 20.5 THEN 1 ELSE 0 END) AS a1
  FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '3' SECOND, INTERVAL '15' SECOND))
  GROUP BY window_start, window_end, f;
