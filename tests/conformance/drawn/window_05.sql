CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_05.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_f BOOLEAN, c1_window_start TIMESTAMP(3), c2_window_end TIMESTAMP(3), c3_a0 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT f, window_start, window_end, MAX(v) FILTER (WHERE s LIKE 'a%') AS a0
  FROM TABLE(SESSION(TABLE ev PARTITION BY f, DESCRIPTOR(ts), INTERVAL '2' SECOND))
  GROUP BY window_start, window_end, f;
