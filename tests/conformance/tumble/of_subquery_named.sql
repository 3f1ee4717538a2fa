CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/of_subquery_named.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, window_start, COUNT(*) n FROM TABLE(TUMBLE(DATA => (SELECT k, ts FROM l0 WHERE ok), TIMECOL => DESCRIPTOR(ts), SIZE => INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end;
