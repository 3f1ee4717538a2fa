CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_05.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_m0 DOUBLE, c1_m1 BIGINT, c2_m2 DECIMAL(8, 2), c3_m3 INT, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, m2, m3, z
  FROM ev
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES AVG(A.d) AS m0, COUNT(B.id) AS m1, MIN(B.m) AS m2, B.id AS m3, FIRST(A.id) AS z 
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A* B{1,3}?) 
  DEFINE A AS A.s LIKE 'a%', B AS B.v > LAST(B.v, 1) OR LAST(B.v, 1) IS NULL) AS M;
