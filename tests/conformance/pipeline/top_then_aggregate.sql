CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/top_then_aggregate.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `window_time` TIMESTAMP(3),
  `s` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT window_start, window_end, window_time, MAX(v) s FROM (SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY v DESC, id) rn FROM TABLE(TUMBLE(TABLE l2, DESCRIPTOR(ts), INTERVAL '20' SECOND))) WHERE rn <= 4) GROUP BY window_start, window_end, window_time;
