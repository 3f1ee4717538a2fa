CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_20.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 INT, c2_m1 DOUBLE, c3_m2 INT, c4_m3 TIMESTAMP(3), c5_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, m2, m3, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES LAST(D.v, 1) AS m0, AVG(C.d) AS m1, SUM(D.v) AS m2, MATCH_ROWTIME() AS m3, FIRST(A.id) AS z 
  AFTER MATCH SKIP TO FIRST B
  PATTERN (A B+? C D*?) 
  DEFINE A AS A.s LIKE 'a%', B AS B.v > LAST(B.v, 1) OR LAST(B.v, 1) IS NULL, C AS NOT C.f, D AS D.v > LAST(A.v)) AS M;
