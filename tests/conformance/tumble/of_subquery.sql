CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/of_subquery.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `EXPR$3` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) FROM TABLE(TUMBLE((SELECT * FROM l0 WHERE v > 0), DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end;
