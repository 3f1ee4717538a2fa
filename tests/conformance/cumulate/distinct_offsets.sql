CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'cumulate/distinct_offsets.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `s` BIGINT,
  `d` INT,
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT window_start, window_end, COUNT(DISTINCT off) s, SUM(DISTINCT off) d, COUNT(*) FILTER (WHERE off > 3) n FROM (SELECT window_start, window_end, TIMESTAMPDIFF(SECOND, window_start, ts) off FROM TABLE(CUMULATE(TABLE l2, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND))) GROUP BY window_start, window_end;
