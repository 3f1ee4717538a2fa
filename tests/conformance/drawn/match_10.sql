CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_10.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 INT, c2_m1 INT, c3_m2 INT, c4_m3 INT, c5_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, m2, m3, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES MAX(D.v) - MIN(D.v) AS m0, LAST(C.v, 1) AS m1, MAX(C.v) - MIN(C.v) AS m2, C.id AS m3, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A*? B{2,3} C{2,}? D{2}) 
  DEFINE A AS COUNT(A.id) < 3, B AS NOT B.f, C AS C.v > LAST(C.v, 1) OR LAST(C.v, 1) IS NULL, D AS D.v > 5) AS M;
