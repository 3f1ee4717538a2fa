CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_11.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE v > 4;
CREATE TABLE `result` (
  c0_s STRING, c1_window_start TIMESTAMP(3), c2_a0 BIGINT, c3_a1 BIGINT, c4_a2 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, window_start, COUNT(*) AS a0, COUNT(f) AS a1, COUNT(*) AS a2
  FROM TABLE(CUMULATE(TABLE w1, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '8' SECOND))
  GROUP BY window_start, window_end, s;
