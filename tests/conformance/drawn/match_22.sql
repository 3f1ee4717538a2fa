CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_22.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE v IS NOT NULL;
CREATE TABLE `result` (
  c0_s STRING, c1_m0 DECIMAL(8, 2), c2_m1 INT, c3_m2 INT, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, m0, m1, m2, z
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY s ORDER BY ts
  MEASURES MIN(B.m) AS m0, SUM(A.v) AS m1, LAST(A.id) AS m2, FIRST(B.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A*? B) 
  DEFINE A AS A.d > 0, B AS B.v > 3) AS M;
