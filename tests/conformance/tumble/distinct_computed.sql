CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/distinct_computed.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `late` BOOLEAN
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT DISTINCT window_start, window_end, late FROM (SELECT window_start, window_end, ts > window_start + INTERVAL '5' SECOND late FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '10' SECOND)));
