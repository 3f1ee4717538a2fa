CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/agg_04.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_s STRING, c1_a0 BIGINT, c2_a1 INT, c3_a2 STRING, c4_a3 INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, COUNT(v) AS a0, SUM(CASE WHEN (MOD(v, 2) = 0) AND (MOD(v, 2) = 0) THEN 1 ELSE 0 END) FILTER (WHERE (MOD(v, 2) = 0) OR (k IS DISTINCT
  FROM 1)) AS a1, LISTAGG(s) AS a2, LAST_VALUE(v) FILTER (WHERE k IS DISTINCT
  FROM 1) AS a3
  FROM ev
  WHERE (k IS DISTINCT
  FROM 1) AND (NOT f)
  GROUP BY s;
