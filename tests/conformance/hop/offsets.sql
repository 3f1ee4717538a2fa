CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'hop/offsets.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `mx` INT,
  `mn` INT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT window_start, window_end, MAX(TIMESTAMPDIFF(SECOND, window_start, ts)) mx, MIN(TIMESTAMPDIFF(SECOND, ts, window_end)) mn FROM TABLE(HOP(TABLE l2, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '20' SECOND)) GROUP BY window_start, window_end;
