CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/topn_03.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_id INT, c1_b1 BIGINT, c2_we TIMESTAMP(3)
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, b, window_end
  FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY b, id) AS rn
  FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '1' SECOND, INTERVAL '4' SECOND)))
  WHERE rn <= 2;
