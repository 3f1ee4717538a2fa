CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/agg_05.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_a0 BIGINT, c3_a1 BIGINT, c4_a2 STRING
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, COUNT(f) AS a0, COUNT(DISTINCT v) AS a1, LISTAGG(s) AS a2
  FROM ev
  WHERE s LIKE 'a%'
  GROUP BY k, s;
