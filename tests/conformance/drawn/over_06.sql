CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/over_06.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, ts, MAX(m) OVER o AS a0, MIN(s) OVER o AS a1
  FROM ev
  WINDOW o AS (PARTITION BY k, s ORDER BY ts RANGE BETWEEN INTERVAL '5' SECOND PRECEDING AND CURRENT ROW);
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_ts TIMESTAMP(3), c3_a0 DECIMAL(8, 2), c4_a1 STRING
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT *
  FROM w1
  WHERE a0 IS NOT NULL AND MOD(id, 2) = 0;
