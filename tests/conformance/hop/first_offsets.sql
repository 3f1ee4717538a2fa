CREATE TABLE l2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'hop/first_offsets.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `f` INT,
  `l` INT,
  `fo` INT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, window_start, window_end, FIRST_VALUE(id) f, LAST_VALUE(id) l, FIRST_VALUE(off) fo FROM (SELECT k, id, window_start, window_end, TIMESTAMPDIFF(SECOND, window_start, ts) off FROM TABLE(HOP(TABLE l2, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND))) GROUP BY k, window_start, window_end;
