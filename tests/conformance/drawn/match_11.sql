CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_11.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (s <> 'a') OR (v IS NOT NULL);
CREATE TABLE `result` (
  c0_k INT, c1_m0 INT, c2_m1 INT, c3_m2 DOUBLE, c4_m3 INT, c5_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, m2, m3, z
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES B.id AS m0, LAST(B.v, 1) AS m1, AVG(A.d) AS m2, id AS m3, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST B
  PATTERN (A B{2}) 
  DEFINE A AS COUNT(A.id) < 3, B AS SUM(B.v) < 12) AS M;
