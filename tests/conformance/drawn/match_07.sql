CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_07.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_s STRING, c1_m0 INT, c2_m1 INT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY s ORDER BY ts
  MEASURES FIRST(B.id) AS m0, MAX(B.v) - MIN(B.v) AS m1, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{1,3}? B{1,3}?) 
  DEFINE A AS COUNT(A.id) < 3, B AS B.v <> 3) AS M;
