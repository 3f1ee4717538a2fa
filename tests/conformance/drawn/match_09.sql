CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_09.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 INT, c2_m1 TIMESTAMP(3), c3_m2 INT, c4_m3 INT, c5_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, m2, m3, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES id AS m0, MATCH_ROWTIME() AS m1, FIRST(A.id) AS m2, B.id AS m3, FIRST(A.id) AS z 
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B*? C D+?) 
  DEFINE A AS A.v <= 5, B AS B.v <> 3, C AS C.v > 1, D AS D.s LIKE 'a%') AS M;
