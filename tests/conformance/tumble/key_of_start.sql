CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/key_of_start.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `w` VARCHAR(2147483647),
  `k` VARCHAR(2147483647),
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT DATE_FORMAT(window_start, 'HH:mm:ss') w, k, COUNT(*) n FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY DATE_FORMAT(window_start, 'HH:mm:ss'), k, window_start, window_end;
