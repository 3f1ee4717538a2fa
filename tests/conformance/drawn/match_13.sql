CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_13.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 TIMESTAMP(3), c2_m1 INT, c3_m2 BIGINT, c4_m3 BIGINT, c5_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, m2, m3, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES MATCH_ROWTIME() AS m0, SUM(A.v) AS m1, COUNT(A.id) AS m2, COUNT(A.id) AS m3, FIRST(A.id) AS z  
  PATTERN (A B{2})
  WITHIN INTERVAL '10' SECOND
  DEFINE A AS NOT A.f, B AS B.v > 1) AS M;
