CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_17.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_m0 INT, c1_m1 INT, c2_m2 DECIMAL(8, 2), c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, m2, z
  FROM ev
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES id AS m0, LAST(B.id) AS m1, MIN(B.m) AS m2, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{2,} B+ C{2,}?)
  WITHIN INTERVAL '10' SECOND
  DEFINE A AS NOT A.f, B AS B.v < 9, C AS C.f) AS M;
