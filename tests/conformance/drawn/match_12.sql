CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/match_12.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE m >= 20.5;
CREATE TABLE `result` (
  c0_s STRING, c1_m0 TIMESTAMP(3), c2_m1 INT, c3_z INT
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT s, m0, m1, z
  FROM w1
  MATCH_RECOGNIZE (PARTITION BY s ORDER BY ts
  MEASURES MATCH_ROWTIME() AS m0, SUM(B.v) AS m1, FIRST(B.id) AS z 
  AFTER MATCH SKIP TO FIRST B
  PATTERN (A{2,} B) 
  DEFINE A AS NOT A.f) AS M;
