CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'cumulate/growth.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `we` TIMESTAMP(3),
  `n` BIGINT,
  `added` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, we, n, n - LAG(n) OVER (PARTITION BY k ORDER BY wt) AS added FROM (SELECT k, window_end we, window_time wt, COUNT(*) n FROM TABLE(CUMULATE(TABLE l2, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '40' SECOND)) GROUP BY k, window_start, window_end, window_time);
