CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_23.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 INT, c2_m1 INT, c3_m2 INT, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, m2, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES LAST(A.v, 1) AS m0, SUM(C.v) AS m1, MAX(D.v) - MIN(D.v) AS m2, FIRST(A.id) AS z 
  AFTER MATCH SKIP TO FIRST C
  PATTERN (A B? C{1,3}? D{1,3}?) 
  DEFINE A AS A.d > 10, B AS B.v < 9, C AS C.s LIKE 'a%', D AS D.v <= 2) AS M;
