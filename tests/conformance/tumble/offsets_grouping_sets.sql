CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/offsets_grouping_sets.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `g` INT,
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `s` INT,
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, g, window_start, window_end, SUM(off) s, COUNT(*) n FROM (SELECT k, g, window_start, window_end, TIMESTAMPDIFF(SECOND, window_start, ts) off FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '20' SECOND))) GROUP BY window_start, window_end, GROUPING SETS ((k), (g), ());
