CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_07.jsonl', 'format' = 'json');
CREATE TABLE pr (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/join_07.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (
  c0_ai INT, c1_bi INT, c2_ws TIMESTAMP(3)
) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id, COALESCE(a.window_start, b.window_start)
  FROM (SELECT *
  FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) AS a FULL JOIN (SELECT *
  FROM TABLE(CUMULATE(TABLE pr, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) AS b ON a.window_start = b.window_start AND a.window_end = b.window_end AND a.s = b.s;
