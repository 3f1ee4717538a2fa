CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/over_07.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_ts TIMESTAMP(3), c3_a0 BIGINT, c4_a1 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, ts, COUNT(s) OVER o AS a0, MIN(b) OVER o AS a1
  FROM ev
  WHERE CHAR_LENGTH(s) > 0
  WINDOW o AS (PARTITION BY s ORDER BY ts );
