CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_10.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, d
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY s ORDER BY ts DESC) AS rn
  FROM ev)
  WHERE rn = 1;
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_v INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, v
  FROM w1;
