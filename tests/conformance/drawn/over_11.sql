CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/over_11.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, ts, SUM(CASE WHEN CHAR_LENGTH(s) > 0 THEN 1 ELSE 0 END) OVER o AS a0
  FROM ev
  WHERE (v > 8) AND (s <> 'a')
  WINDOW o AS (PARTITION BY s ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_ts TIMESTAMP(3), c3_a0 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT *
  FROM w1
  WHERE a0 IS NOT NULL AND MOD(id, 2) = 0;
