CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/over_09.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_ts TIMESTAMP(3), c3_a0 DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, ts, MAX(d) OVER o AS a0
  FROM ev
  WHERE CHAR_LENGTH(s) > 0
  WINDOW o AS (ORDER BY ts );
