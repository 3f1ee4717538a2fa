CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window2_05.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT f, window_start, window_end, window_time, COUNT(*) AS a0
  FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '6' SECOND))
  WHERE NOT f
  GROUP BY window_start, window_end, window_time, f;
CREATE VIEW w2 AS SELECT f, window_time, a0
  FROM w1;
CREATE TABLE `result` (
  c0_ws TIMESTAMP(3), c1_we TIMESTAMP(3), c2_n BIGINT, c3_sx BIGINT, c4_mx BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, COUNT(*) AS n, SUM(a0) AS sx, MAX(a0) AS mx
  FROM TABLE(TUMBLE(TABLE w2, DESCRIPTOR(window_time), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end;
