CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window2_03.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, window_start, window_end, window_time, SUM(CASE WHEN (f IS NOT TRUE) AND (m >= 20.5) THEN 1 ELSE 0 END) FILTER (WHERE k IN (0, 2)) AS a0, LISTAGG(s) FILTER (WHERE (m >= 20.5) OR (v > 6)) AS a1, MAX(m) FILTER (WHERE d BETWEEN 3 AND 30.5) AS a2
  FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '6' SECOND))
  GROUP BY window_start, window_end, window_time, k;
CREATE VIEW w2 AS SELECT k, window_time, a0, a1, a2
  FROM w1;
CREATE TABLE `result` (
  c0_k INT, c1_ws TIMESTAMP(3), c2_we TIMESTAMP(3), c3_n BIGINT, c4_sx INT, c5_mx INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) AS n, SUM(a0) AS sx, MAX(a0) AS mx
  FROM TABLE(HOP(TABLE w2, DESCRIPTOR(window_time), INTERVAL '10' SECOND, INTERVAL '30' SECOND))
  GROUP BY window_start, window_end, k;
