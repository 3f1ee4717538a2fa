CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_15.jsonl', 'format' = 'json');
CREATE TABLE pr (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_15.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_ai INT, c1_bi INT, c2_v INT, c3_d DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id, a.v, b.d
  FROM ev AS a RIGHT JOIN pr AS b ON a.s = b.s AND a.ts BETWEEN b.ts - INTERVAL '8' SECOND AND b.ts + INTERVAL '4' SECOND AND (a.d > b.d OR b.v IS NULL)
  WHERE b.id > 3;
