CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/cascade_then_over.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW a AS SELECT k, g, window_start, window_end, window_time, COUNT(*) n FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, g, window_start, window_end, window_time;
CREATE TEMPORARY VIEW b AS SELECT k, window_time AS rt, SUM(n) n FROM a GROUP BY k, window_start, window_end, window_time;
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `rt` TIMESTAMP(3),
  `m` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, rt, SUM(n) OVER (PARTITION BY k ORDER BY rt ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) m FROM b;
