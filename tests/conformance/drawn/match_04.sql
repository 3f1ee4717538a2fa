CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_04.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_m0 INT, c1_m1 STRING, c2_m2 INT, c3_m3 INT, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, m2, m3, z
  FROM ev
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES FIRST(B.id) AS m0, FIRST(B.s, 1) AS m1, LAST(A.v, 1) AS m2, MAX(B.v) - MIN(B.v) AS m3, FIRST(B.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST B
  PATTERN (A{2,}? B) 
  DEFINE A AS COUNT(A.id) < 3, B AS B.v > 1) AS M;
