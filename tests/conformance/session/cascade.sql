CREATE TABLE l3 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'session/cascade.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `n` BIGINT,
  `s` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT window_start, window_end, COUNT(*) n, SUM(c1) s FROM (SELECT k, g, window_start, window_end, COUNT(*) c1 FROM TABLE(SESSION(TABLE l3 PARTITION BY (k, g), DESCRIPTOR(ts), INTERVAL '6' SECOND)) GROUP BY k, g, window_start, window_end) GROUP BY window_start, window_end;
