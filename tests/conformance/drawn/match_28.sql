CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_28.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_s STRING, c1_m0 BIGINT, c2_m1 STRING, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY s ORDER BY ts
  MEASURES COUNT(*) AS m0, FIRST(C.s, 1) AS m1, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A* B+ C+?) 
  DEFINE A AS A.v <= 6, B AS B.f, C AS C.v > LAST(C.v, 1) OR LAST(C.v, 1) IS NULL) AS M;
