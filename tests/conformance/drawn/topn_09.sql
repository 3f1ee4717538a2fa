CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_09.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_id INT, c1_d1 DOUBLE, c2_we TIMESTAMP(3)
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, d, window_end
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY ts DESC) AS rn
  FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '12' SECOND)))
  WHERE rn <= 1;
