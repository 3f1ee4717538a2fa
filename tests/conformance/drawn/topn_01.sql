CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_01.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE f;
CREATE VIEW w2 AS SELECT k, window_start, window_end, MIN(m) AS a0, MAX(ts) AS a1, LAST_VALUE(v) AS a2, ROUND(STDDEV_POP(d), 6) AS a3
  FROM TABLE(TUMBLE(TABLE w1, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '9' SECOND))
  GROUP BY window_start, window_end, k;
CREATE TABLE `result` (
  c0_k INT, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 DECIMAL(8, 2), c4_a1 TIMESTAMP(3), c5_a2 INT, c6_a3 DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, a0, a1, a2, a3
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY a0, a1, a2 DESC, a3, k) AS rn
  FROM w2)
  WHERE rn <= 1;
