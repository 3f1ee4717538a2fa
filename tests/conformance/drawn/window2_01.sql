CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window2_01.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, window_start, window_end, window_time, ROUND(STDDEV_POP(d), 6) AS a0, COUNT(*) AS a1, LISTAGG(s) FILTER (WHERE d BETWEEN 3 AND 30.5) AS a2, MAX(ts) AS a3
  FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '25' SECOND))
  WHERE (NOT f) AND (v IS NOT NULL)
  GROUP BY window_start, window_end, window_time, k;
CREATE VIEW w2 AS SELECT k, window_time, a0, a1, a2, a3
  FROM w1;
CREATE TABLE `result` (
  c0_k INT, c1_ws TIMESTAMP(3), c2_we TIMESTAMP(3), c3_n BIGINT, c4_sx BIGINT, c5_mx BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) AS n, SUM(a1) AS sx, MAX(a1) AS mx
  FROM TABLE(TUMBLE(TABLE w2, DESCRIPTOR(window_time), INTERVAL '5' SECOND))
  GROUP BY window_start, window_end, k;
