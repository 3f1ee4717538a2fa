CREATE TABLE l3 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'session/longest_offset.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `m` INT,
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, window_start, window_end, MAX(TIMESTAMPDIFF(SECOND, window_start, ts)) m, COUNT(*) n FROM TABLE(SESSION(TABLE l3 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '6' SECOND)) GROUP BY k, window_start, window_end;
