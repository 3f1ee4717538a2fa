CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/pipe_01.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, window_start, window_end, COUNT(*) AS n
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND))
  GROUP BY k, window_start, window_end UNION ALL SELECT k, window_start, window_end, COUNT(DISTINCT v)
  FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))
  GROUP BY k, window_start, window_end;
CREATE TABLE `result` (
  c0_k INT, c1_t BIGINT, c2_mx BIGINT, c3_c BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, SUM(n), MAX(n), COUNT(*)
  FROM w1
  GROUP BY k;
