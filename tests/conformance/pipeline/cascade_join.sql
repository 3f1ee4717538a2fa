CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/cascade_join.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW a AS SELECT k, g, window_start, window_end, window_time, COUNT(*) n FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, g, window_start, window_end, window_time;
CREATE TEMPORARY VIEW b AS SELECT window_start, window_end, SUM(n) n FROM a GROUP BY window_start, window_end;
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `g` INT,
  `window_start` TIMESTAMP(3),
  `n` BIGINT,
  `total` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT a.k, a.g, a.window_start, a.n, b.n AS total FROM a JOIN b ON a.window_start = b.window_start AND a.window_end = b.window_end;
