CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/over_05.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_ts TIMESTAMP(3), c3_a0 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, ts, COUNT(*) OVER o AS a0
  FROM ev
  WINDOW o AS (PARTITION BY s ORDER BY ts ROWS BETWEEN 0 PRECEDING AND CURRENT ROW);
