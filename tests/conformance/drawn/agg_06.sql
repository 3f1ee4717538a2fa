CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/agg_06.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, s, ROUND(VAR_SAMP(d), 6) AS a0, ROUND(STDDEV_POP(d), 6) AS a1, MIN(v) AS a2, SUM(v) AS a3
  FROM ev
  GROUP BY CUBE (k, s);
CREATE TABLE `result` (
  c0_x DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT DISTINCT a0
  FROM w1;
