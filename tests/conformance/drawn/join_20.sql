CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_20.jsonl', 'format' = 'json');
CREATE TABLE pr (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_20.2.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT k, SUM(v) AS sv, COUNT(*) AS n
  FROM pr
  GROUP BY k;
CREATE TABLE `result` (
  c0_s STRING, c1_x BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.s, MAX(b.n)
  FROM ev AS a FULL JOIN w1 AS b ON a.k = b.k
  GROUP BY a.s;
