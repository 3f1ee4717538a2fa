CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_chain.jsonl',
  'format' = 'json'
);
CREATE TABLE ver (
  k STRING, rate DECIMAL(8,3), note STRING, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_chain.2.jsonl',
  'format' = 'json'
);
CREATE TABLE ver2 (
  k STRING, g INT, rate BIGINT, ts TIMESTAMP(3), PRIMARY KEY (k, g) NOT ENFORCED, WATERMARK FOR ts AS ts
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_chain.3.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `id` INT,
  `k` VARCHAR(2147483647),
  `r1` DECIMAL(8, 3),
  `r2` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT a.id, a.k, v.rate r1, w.rate r2 FROM o0 a JOIN ver FOR SYSTEM_TIME AS OF a.ts AS v ON a.k = v.k LEFT JOIN ver2 FOR SYSTEM_TIME AS OF a.ts AS w ON a.k = w.k AND a.g = w.g;
