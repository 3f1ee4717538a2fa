CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/agg_01.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT f, COUNT(DISTINCT v) AS a0, ROUND(STDDEV_POP(d), 6) AS a1, SUM(v * 2 + 1) AS a2, COUNT(DISTINCT v) AS a3
  FROM ev
  GROUP BY f;
CREATE TABLE `result` (
  c0_n BIGINT, c1_mx DOUBLE, c2_mn DOUBLE, c3_c BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT COUNT(*), MAX(a1), MIN(a1), COUNT(DISTINCT a1)
  FROM w1;
