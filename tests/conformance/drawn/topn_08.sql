CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_08.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_id INT, c1_k INT, c2_x INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, v
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY s ORDER BY v, id) AS rn
  FROM ev)
  WHERE rn <= 3;
