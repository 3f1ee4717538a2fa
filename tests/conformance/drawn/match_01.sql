CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_01.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_m0 DOUBLE, c1_m1 INT, c2_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT m0, m1, z
  FROM ev
  MATCH_RECOGNIZE ( ORDER BY ts
  MEASURES AVG(B.d) AS m0, LAST(B.id) AS m1, FIRST(A.id) AS z 
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A{2,3} B{2}) 
  DEFINE A AS NOT A.f, B AS SUM(B.v) < 12) AS M;
