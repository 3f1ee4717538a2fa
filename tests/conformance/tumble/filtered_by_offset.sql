CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/filtered_by_offset.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `m` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT m, window_start, COUNT(*) n FROM (SELECT DATE_FORMAT(window_start, 'mm') m, window_start, window_end FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '20' SECOND)) WHERE ts >= window_start + INTERVAL '2' SECOND) GROUP BY m, window_start, window_end;
