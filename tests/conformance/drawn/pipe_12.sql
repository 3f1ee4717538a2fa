CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/pipe_12.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, ts, v, SUM(v) OVER (PARTITION BY k ORDER BY ts ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS sv
  FROM ev;
CREATE TABLE `result` (
  c0_k INT, c1_a INT, c2_b INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, a, b
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES A.id AS a, B.id AS b
  PATTERN (A B+?)
  DEFINE B AS B.sv > A.v) AS M;
