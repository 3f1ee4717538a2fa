CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_hop_grouped.jsonl',
  'format' = 'json'
);
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_hop_grouped.2.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT a.window_start, a.window_end, COUNT(*) n FROM (SELECT * FROM TABLE(HOP(TABLE o0, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) a LEFT JOIN (SELECT * FROM TABLE(HOP(TABLE o1, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end GROUP BY a.window_start, a.window_end;
