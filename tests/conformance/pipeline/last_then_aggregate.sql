CREATE TABLE l1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/last_then_aggregate.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `g` INT,
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT g, window_start, window_end, COUNT(*) n FROM (SELECT k, g, id, window_start, window_end FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end, k, g ORDER BY ts DESC) rn FROM TABLE(TUMBLE(TABLE l1, DESCRIPTOR(ts), INTERVAL '20' SECOND))) WHERE rn = 1) GROUP BY g, window_start, window_end;
