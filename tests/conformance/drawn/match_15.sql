CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_15.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (d BETWEEN 3 AND 30.5) AND (v IS NOT NULL);
CREATE TABLE `result` (
  c0_m0 INT, c1_m1 INT, c2_m2 INT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, m2, z
  FROM w1
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES LAST(B.id) AS m0, LAST(B.id) AS m1, FIRST(A.id) AS m2, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP TO NEXT ROW
  PATTERN (A{2,} B C+?) 
  DEFINE A AS A.d > 10, B AS B.v > LAST(B.v, 1) OR LAST(B.v, 1) IS NULL, C AS C.s LIKE 'a%') AS M;
