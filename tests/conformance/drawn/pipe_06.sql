CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/pipe_06.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, window_time AS wt, COUNT(*) AS n, SUM(v) AS sv
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND))
  GROUP BY window_start, window_end, window_time, k;
CREATE TABLE `result` (
  c0_k INT, c1_a BIGINT, c2_b BIGINT, c3_t TIMESTAMP(3)
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, a, b, t
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY wt
  MEASURES FIRST(A.n) AS a, B.n AS b, B.wt AS t
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A+ B)
  DEFINE A AS A.sv > 3, B AS B.n <= A.n) AS M;
