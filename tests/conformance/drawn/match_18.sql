CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_18.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 INT, c2_m1 BIGINT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES B.id AS m0, COUNT(A.id) AS m1, FIRST(B.id) AS z 
  AFTER MATCH SKIP TO LAST B
  PATTERN (A{1,3}? B) 
  DEFINE A AS NOT A.f, B AS B.v > LAST(B.v, 1) OR LAST(B.v, 1) IS NULL) AS M;
