CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_26.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_s STRING, c1_m0 INT, c2_m1 INT, c3_m2 INT, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, m0, m1, m2, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY s ORDER BY ts
  MEASURES MAX(B.v) - MIN(B.v) AS m0, SUM(v) AS m1, LAST(C.v, 1) AS m2, FIRST(D.id) AS z 
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{2,}? B* C{2} D) 
  DEFINE A AS A.d > 0, B AS B.v > 1, C AS C.s LIKE 'a%', D AS COUNT(D.id) < 3) AS M;
