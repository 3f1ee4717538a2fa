CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_07.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE CHAR_LENGTH(s) > 0;
CREATE VIEW w2 AS SELECT f, window_start, window_end, COUNT(s) AS a0
  FROM TABLE(HOP(TABLE w1, DESCRIPTOR(ts), INTERVAL '30' SECOND, INTERVAL '30' SECOND))
  GROUP BY window_start, window_end, f
  HAVING COUNT(DISTINCT v) < 4;
CREATE TABLE `result` (
  c0_f BOOLEAN, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT f, window_start, window_end, a0
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY a0, f) AS rn
  FROM w2)
  WHERE rn <= 3;
