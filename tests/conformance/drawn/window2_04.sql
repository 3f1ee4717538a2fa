CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window2_04.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, window_start, window_end, window_time, ROUND(STDDEV_POP(d), 6) AS a0
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' SECOND))
  GROUP BY window_start, window_end, window_time, k;
CREATE VIEW w2 AS SELECT k, window_time, a0
  FROM w1;
CREATE TABLE `result` (
  c0_ws TIMESTAMP(3), c1_we TIMESTAMP(3), c2_n BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, COUNT(*) AS n
  FROM TABLE(HOP(TABLE w2, DESCRIPTOR(window_time), INTERVAL '1' SECOND, INTERVAL '1' SECOND))
  GROUP BY window_start, window_end;
