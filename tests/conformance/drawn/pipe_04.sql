CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/pipe_04.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, v, ts
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY s, v ORDER BY ts ASC) AS rn
  FROM ev)
  WHERE rn = 1;
CREATE TABLE `result` (
  c0_k INT, c1_we TIMESTAMP(3), c2_n BIGINT, c3_x INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_end, COUNT(*), SUM(v)
  FROM TABLE(TUMBLE(TABLE w1, DESCRIPTOR(ts), INTERVAL '1' SECOND))
  GROUP BY window_start, window_end, k;
