CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_14.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_window_start TIMESTAMP(3), c1_window_end TIMESTAMP(3), c2_a0 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, AVG(v) FILTER (WHERE m >= 20.5) AS a0
  FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND))
  GROUP BY window_start, window_end;
