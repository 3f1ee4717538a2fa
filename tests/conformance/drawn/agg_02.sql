CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/agg_02.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE v > 3;
CREATE TABLE `result` (
  c0_f BOOLEAN, c1_a0 DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT f, ROUND(STDDEV_POP(d), 6) AS a0
  FROM w1
  GROUP BY f;
