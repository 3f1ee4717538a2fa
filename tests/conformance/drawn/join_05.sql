CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_05.jsonl', 'format' = 'json');
CREATE TABLE pr (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_05.2.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, d, ts
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) AS rn
  FROM pr)
  WHERE rn = 1;
CREATE TABLE `result` (
  c0_ai INT, c1_bi INT, c2_d DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id, b.d
  FROM ev AS a JOIN w1 FOR SYSTEM_TIME AS OF a.ts AS b ON a.k = b.k;
