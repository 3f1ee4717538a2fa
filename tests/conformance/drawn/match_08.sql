CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_08.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 DOUBLE, c2_m1 BIGINT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES AVG(A.d) AS m0, COUNT(B.id) AS m1, FIRST(A.id) AS z 
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A B+?)
  WITHIN INTERVAL '10' SECOND
  DEFINE A AS A.s LIKE 'a%', B AS B.s LIKE 'a%') AS M;
