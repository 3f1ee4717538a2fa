CREATE TABLE ev (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/anti_or_ev.jsonl', 'format' = 'json');
CREATE TABLE pr (
  id INT, k INT, s STRING, v INT, b BIGINT, d DOUBLE, m DECIMAL(8, 2), f BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector' = 'filesystem', 'path' = 'drawn/anti_or_pr.jsonl', 'format' = 'json');
CREATE TABLE `result` (c0_id INT, c1_window_end TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, a.window_end FROM (SELECT * FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) AS a WHERE EXISTS (SELECT * FROM (SELECT * FROM TABLE(HOP(TABLE pr, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) AS b WHERE a.window_start = b.window_start AND a.window_end = b.window_end AND a.s = b.s AND (a.d > b.d OR b.v IS NULL));
