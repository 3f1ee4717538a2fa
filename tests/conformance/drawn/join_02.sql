CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_02.jsonl', 'format' = 'json');
CREATE TABLE pr (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_02.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_ak INT, c1_bk INT, c2_we TIMESTAMP(3), c3_x INT, c4_y DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.k, b.k, COALESCE(a.window_end, b.window_end), a.x, b.x
  FROM (SELECT k, window_start, window_end, SUM(CASE WHEN s <> 'a' THEN 1 ELSE 0 END) AS x
  FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND))
  GROUP BY k, window_start, window_end) AS a LEFT JOIN (SELECT k, window_start, window_end, MAX(d) AS x
  FROM TABLE(TUMBLE(TABLE pr, DESCRIPTOR(ts), INTERVAL '5' SECOND))
  GROUP BY k, window_start, window_end) AS b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end;
