CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_then_interval.jsonl',
  'format' = 'json'
);
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_then_interval.2.jsonl',
  'format' = 'json'
);
CREATE TABLE o2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_then_interval.3.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW w AS SELECT a.k, a.window_time AS rt, a.id FROM (SELECT * FROM TABLE(TUMBLE(TABLE o0, DESCRIPTOR(ts), INTERVAL '10' SECOND))) a JOIN (SELECT * FROM TABLE(TUMBLE(TABLE o1, DESCRIPTOR(ts), INTERVAL '10' SECOND))) b ON a.k = b.k AND a.window_start = b.window_start AND a.window_end = b.window_end;
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `id` INT,
  `cid` INT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT w.k, w.id, c.id cid FROM w JOIN o2 c ON w.k = c.k AND c.ts BETWEEN w.rt - INTERVAL '5' SECOND AND w.rt;
