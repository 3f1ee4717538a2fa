CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_14.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_k INT, c1_s STRING, c2_m0 INT, c3_m1 INT, c4_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, s, m0, m1, z
  FROM ev
  MATCH_RECOGNIZE (PARTITION BY k, s ORDER BY ts
  MEASURES A.id AS m0, B.id AS m1, FIRST(B.id) AS z 
  AFTER MATCH SKIP PAST LAST ROW
  PATTERN (A? B) 
  DEFINE A AS A.v > 2) AS M;
