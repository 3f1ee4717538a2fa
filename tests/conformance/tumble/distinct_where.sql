CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/distinct_where.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3)
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT DISTINCT k, window_start, window_end FROM TABLE(TUMBLE(TABLE l0, DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE ts < window_start + INTERVAL '6' SECOND;
