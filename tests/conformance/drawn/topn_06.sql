CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_06.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT s, window_start, COUNT(*) AS a0
  FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '2' SECOND))
  GROUP BY window_start, window_end, GROUPING SETS ((s), ());
CREATE TABLE `result` (
  c0_s STRING, c1_window_start TIMESTAMP(3), c2_a0 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, window_start, a0
  FROM w1;
