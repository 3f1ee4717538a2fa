CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_13.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_window_end TIMESTAMP(3), c2_a0 INT, c3_a1 BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_end, FIRST_VALUE(v) FILTER (WHERE NOT f) AS a0, COUNT(*) AS a1
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' SECOND))
  GROUP BY window_start, window_end, k
  HAVING COUNT(*) > 1;
