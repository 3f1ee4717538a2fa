CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/agg_03.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (f IS NOT TRUE) AND (CHAR_LENGTH(s) > 0);
CREATE TABLE `result` (
  c0_k INT, c1_a0 BIGINT, c2_a1 BIGINT, c3_a2 INT, c4_a3 DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, COUNT(d) AS a0, MAX(b) AS a1, SUM(v * 2 + 1) AS a2, MIN(d) FILTER (WHERE k IN (0, 2)) AS a3
  FROM w1
  GROUP BY k;
