CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_03.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_m0 DOUBLE, c1_m1 BIGINT, c2_m2 INT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, m2, z
  FROM ev
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES AVG(A.d) AS m0, COUNT(*) AS m1, id AS m2, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A+? B{2} C+? D+?) 
  DEFINE A AS A.v < 9, B AS B.v <> 3, C AS C.v <> 3, D AS D.v <> 3) AS M;
