CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/over_04.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_ts TIMESTAMP(3), c3_a0 INT, c4_a1 STRING
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, ts, SUM(v * 2 + 1) OVER o AS a0, MIN(s) OVER o AS a1
  FROM ev
  WINDOW o AS (PARTITION BY k, s ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW);
