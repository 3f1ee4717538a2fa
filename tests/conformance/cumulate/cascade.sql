CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'cumulate/cascade.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `m` BIGINT,
  `s` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT window_start, window_end, MAX(n) m, SUM(n) s FROM (SELECT k, window_start, window_end, COUNT(*) n FROM TABLE(CUMULATE(TABLE l2, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '40' SECOND)) GROUP BY k, window_start, window_end) WHERE k IS NOT NULL GROUP BY window_start, window_end HAVING COUNT(*) > 1;
