CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_06.jsonl', 'format' = 'json');
CREATE TABLE pr (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_06.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_ai INT, c1_bi INT, c2_v INT, c3_d DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id, a.v, b.d
  FROM ev AS a JOIN pr AS b ON a.k = b.k AND a.s = b.s AND a.ts > b.ts - INTERVAL '5' SECOND AND a.ts <= b.ts + INTERVAL '4' SECOND AND a.v < b.v;
