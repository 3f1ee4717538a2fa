CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_16.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE d BETWEEN 3 AND 30.5;
CREATE TABLE `result` (
  c0_s STRING, c1_m0 BIGINT, c2_m1 INT, c3_m2 INT, c4_m3 INT, c5_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, m0, m1, m2, m3, z
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY s ORDER BY ts
  MEASURES COUNT(B.id) AS m0, FIRST(A.id) AS m1, LAST(A.id) AS m2, B.id AS m3, FIRST(B.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B) 
  DEFINE B AS B.v > LAST(B.v, 1) OR LAST(B.v, 1) IS NULL) AS M;
