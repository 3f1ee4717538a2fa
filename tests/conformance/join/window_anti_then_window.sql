CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_anti_then_window.jsonl',
  'format' = 'json'
);
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_anti_then_window.2.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW w AS SELECT k, window_time AS rt, v FROM (SELECT * FROM TABLE(TUMBLE(TABLE o0, DESCRIPTOR(ts), INTERVAL '10' SECOND))) a WHERE NOT EXISTS (SELECT 1 FROM (SELECT * FROM TABLE(TUMBLE(TABLE o1, DESCRIPTOR(ts), INTERVAL '10' SECOND))) b WHERE a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `EXPR$1` BIGINT,
  `EXPR$2` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT window_start, COUNT(*), SUM(v) FROM TABLE(TUMBLE(TABLE w, DESCRIPTOR(rt), INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
