CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_left_top.jsonl',
  'format' = 'json'
);
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_left_top.2.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `id` INT,
  `bid` INT,
  `x` BIGINT,
  `rn` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY x DESC, id, bid) rn FROM (SELECT a.window_start, a.window_end, a.id, b.id bid, COALESCE(a.v, 0) + COALESCE(b.v, 0) x FROM (SELECT * FROM TABLE(TUMBLE(TABLE o0, DESCRIPTOR(ts), INTERVAL '10' SECOND))) a LEFT JOIN (SELECT * FROM TABLE(TUMBLE(TABLE o1, DESCRIPTOR(ts), INTERVAL '10' SECOND))) b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end)) WHERE rn <= 2;
