CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_19.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_m0 TIMESTAMP(3), c1_m1 INT, c2_m2 DECIMAL(8, 2), c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, m2, z
  FROM ev
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES MATCH_ROWTIME() AS m0, B.id AS m1, MIN(C.m) AS m2, FIRST(C.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO FIRST B
  PATTERN (A{2,}? B+ C) 
  DEFINE A AS A.f, B AS B.v > AVG(A.v), C AS C.f) AS M;
