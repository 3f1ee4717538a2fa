CREATE TABLE l3 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'session/of_subquery.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `EXPR$3` BIGINT,
  `EXPR$4` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*), SUM(v) FROM TABLE(SESSION((SELECT * FROM l3 WHERE v > 0) PARTITION BY k, DESCRIPTOR(ts), INTERVAL '6' SECOND)) GROUP BY k, window_start, window_end;
