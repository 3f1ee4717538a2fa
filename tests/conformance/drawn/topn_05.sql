CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_05.jsonl', 'format' = 'json');
CREATE VIEW w1 AS SELECT id, k, s, v, b, d, m, f, ts
  FROM ev
  WHERE (k IS DISTINCT
  FROM 1) AND (MOD(v, 2) = 0);
CREATE TABLE `result` (
  c0_id INT, c1_m1 DECIMAL(8, 2), c2_we TIMESTAMP(3)
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, m, window_end
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k ORDER BY m, id) AS rn
  FROM TABLE(HOP(TABLE w1, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '5' SECOND)))
  WHERE rn < 2;
