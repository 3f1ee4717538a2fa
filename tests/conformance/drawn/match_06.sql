CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_06.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 INT, c2_m1 INT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES id AS m0, FIRST(B.id) AS m1, FIRST(A.id) AS z 
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{2,} B{2,}?) 
  DEFINE A AS A.v > LAST(A.v, 1) OR LAST(A.v, 1) IS NULL, B AS B.v > 1) AS M;
