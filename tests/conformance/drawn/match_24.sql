CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_24.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_m0 BIGINT, c1_m1 BIGINT, c2_m2 INT, c3_m3 STRING, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, m2, m3, z
  FROM ev
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES COUNT(*) AS m0, COUNT(B.id) AS m1, SUM(v) AS m2, FIRST(A.s, 1) AS m3, FIRST(B.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST B
  PATTERN (A{2,}? B) 
  DEFINE A AS A.v <= 2) AS M;
