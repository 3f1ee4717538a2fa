CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/pipe_09.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, mt, a, b
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES A.v AS a, B.v AS b, MATCH_ROWTIME() AS mt
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B)
  DEFINE B AS B.v > A.v) AS M;
CREATE TABLE `result` (
  c0_k INT, c1_we TIMESTAMP(3), c2_n BIGINT, c3_x INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_end, COUNT(*), SUM(b - a)
  FROM TABLE(SESSION(TABLE w1 PARTITION BY k, DESCRIPTOR(mt), INTERVAL '7' SECOND))
  GROUP BY window_start, window_end, k;
