CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window2_07.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE s LIKE 'a%';
CREATE VIEW w2 AS SELECT k, window_start, window_end, window_time, MAX(m) AS a0
  FROM TABLE(SESSION(TABLE w1 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '1' SECOND))
  GROUP BY window_start, window_end, window_time, k;
CREATE VIEW w3 AS SELECT k, window_time, a0
  FROM w2;
CREATE TABLE `result` (
  c0_k INT, c1_ws TIMESTAMP(3), c2_we TIMESTAMP(3), c3_n BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) AS n
  FROM TABLE(CUMULATE(TABLE w3, DESCRIPTOR(window_time), INTERVAL '1' SECOND, INTERVAL '1' SECOND))
  GROUP BY window_start, window_end, k;
