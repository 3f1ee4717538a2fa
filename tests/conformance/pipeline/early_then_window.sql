CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/early_then_window.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW b AS SELECT k, window_time AS rt, COUNT(*) FILTER (WHERE ts < window_start + INTERVAL '5' SECOND) n FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end, window_time;
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `EXPR$2` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, window_start, SUM(n) FROM TABLE(TUMBLE(TABLE b, DESCRIPTOR(rt), INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end;
