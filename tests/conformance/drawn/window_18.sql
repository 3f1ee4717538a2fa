CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/window_18.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE v > 6;
CREATE TABLE `result` (
  c0_window_start TIMESTAMP(3), c1_window_end TIMESTAMP(3), c2_a0 STRING
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, LISTAGG(s) AS a0
  FROM TABLE(SESSION(TABLE w1, DESCRIPTOR(ts), INTERVAL '1' SECOND))
  GROUP BY window_start, window_end
  HAVING MAX(d) < 40;
