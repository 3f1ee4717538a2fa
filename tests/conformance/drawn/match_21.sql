CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_21.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE d BETWEEN 3 AND 30.5;
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_m0 INT, c3_m1 BIGINT, c4_m2 INT, c5_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, m0, m1, m2, z
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY k, s ORDER BY ts
  MEASURES id AS m0, COUNT(B.id) AS m1, SUM(B.v) AS m2, FIRST(B.id) AS z  
  PATTERN (A{1,2} B) 
  DEFINE A AS COUNT(A.id) < 3, B AS B.v >= FIRST(A.v)) AS M;
