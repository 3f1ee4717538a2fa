CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_two_keys.jsonl',
  'format' = 'json'
);
CREATE TABLE ver2 (
  k STRING, g INT, rate BIGINT, ts TIMESTAMP(3), PRIMARY KEY (k, g) NOT ENFORCED, WATERMARK FOR ts AS ts
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_two_keys.2.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `id` INT,
  `k` VARCHAR(2147483647),
  `g` INT,
  `rate` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT a.id, a.k, a.g, v.rate FROM o0 a LEFT JOIN ver2 FOR SYSTEM_TIME AS OF a.ts v ON v.g = a.g AND v.k = a.k;
