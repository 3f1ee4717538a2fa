CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_27.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_m0 INT, c3_m1 STRING, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k, s ORDER BY ts
  MEASURES SUM(B.v) AS m0, FIRST(B.s, 1) AS m1, FIRST(B.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO LAST B
  PATTERN (A B) 
  DEFINE A AS SUM(A.v) < 12, B AS B.v <= 7) AS M;
