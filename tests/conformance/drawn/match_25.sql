CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_25.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (CHAR_LENGTH(s) > 0) OR (f IS NOT TRUE);
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_m0 INT, c3_m1 TIMESTAMP(3), c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, m0, m1, z
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY k, s ORDER BY ts
  MEASURES C.id AS m0, MATCH_ROWTIME() AS m1, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO FIRST D
  PATTERN (A+ B{2,3} C{2,}? D{1,3}?) 
  DEFINE A AS A.f, B AS B.v > LAST(B.v, 1) OR LAST(B.v, 1) IS NULL, C AS COUNT(C.id) < 3, D AS SUM(D.v) < 12) AS M;
