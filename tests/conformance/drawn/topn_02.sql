CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_02.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE NOT f;
CREATE VIEW w2 AS SELECT f, window_start, window_end, window_time, FIRST_VALUE(v) AS a0, SUM(v * 2 + 1) AS a1, MIN(s) AS a2
  FROM TABLE(TUMBLE(TABLE w1, DESCRIPTOR(ts), INTERVAL '5' SECOND))
  GROUP BY window_start, window_end, window_time, f;
CREATE TABLE `result` (
  c0_f BOOLEAN, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_window_time TIMESTAMP(3), c4_a0 INT, c5_a1 INT, c6_a2 STRING
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT f, window_start, window_end, window_time, a0, a1, a2
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY a0, a1 DESC, a2, f) AS rn
  FROM w2)
  WHERE rn <= 3;
