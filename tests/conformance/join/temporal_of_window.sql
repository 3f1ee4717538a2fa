CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_of_window.jsonl',
  'format' = 'json'
);
CREATE TABLE ver (
  k STRING, rate DECIMAL(8,3), note STRING, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/temporal_of_window.2.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW w AS SELECT k, window_time AS wt, SUM(v) sv FROM TABLE(TUMBLE(TABLE o0, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end, window_time;
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `wt` TIMESTAMP(3),
  `x` DECIMAL(28, 3)
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT w.k, w.wt, w.sv * v.rate x FROM w JOIN ver FOR SYSTEM_TIME AS OF w.wt AS v ON w.k = v.k;
