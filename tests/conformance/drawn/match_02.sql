CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_02.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_m0 DOUBLE, c2_m1 INT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts
  MEASURES AVG(A.d) AS m0, B.id AS m1, FIRST(A.id) AS z ONE ROW PER MATCH
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A{2,}? B?)
  WITHIN INTERVAL '2' SECOND
  DEFINE A AS A.v <= 4, B AS B.v > LAST(A.v)) AS M;
