CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/over_12.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (s LIKE 'a%') OR (k IN (0, 2));
CREATE VIEW w2 AS SELECT id, k, ts, MAX(m) OVER o AS a0
  FROM w1
  WINDOW o AS (PARTITION BY k ORDER BY ts );
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_ts TIMESTAMP(3), c3_a0 DECIMAL(8, 2)
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT *
  FROM w2
  WHERE a0 IS NOT NULL AND MOD(id, 2) = 0;
