CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/halves.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `ws` VARCHAR(2147483647),
  `we` VARCHAR(2147483647),
  `h1` BIGINT,
  `h2` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, CAST(window_start AS STRING) AS ws, CAST(window_end AS STRING) AS we, COUNT(*) FILTER (WHERE TIMESTAMPDIFF(SECOND, window_start, ts) < 5) h1, COUNT(*) FILTER (WHERE TIMESTAMPDIFF(SECOND, window_start, ts) >= 5) h2 FROM TABLE(TUMBLE(TABLE l0, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end;
