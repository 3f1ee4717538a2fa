CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_left_own_condition.jsonl',
  'format' = 'json'
);
CREATE TABLE ver (
  k STRING, rate DECIMAL(8,3), note STRING, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_left_own_condition.2.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `id` INT,
  `k` VARCHAR(2147483647),
  `rate` DECIMAL(8, 3)
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT a.id, a.k, v.rate FROM o0 a LEFT JOIN ver FOR SYSTEM_TIME AS OF a.ts AS v ON a.k = v.k AND a.g = 1;
