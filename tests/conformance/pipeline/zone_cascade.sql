SET 'table.local-time-zone' = 'Asia/Tokyo';
CREATE TABLE lz (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/zone_cascade.jsonl',
  'format' = 'json'
);
CREATE TEMPORARY VIEW a AS SELECT k, g, window_start, window_end, window_time, COUNT(*) n FROM TABLE(TUMBLE(TABLE lz, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, g, window_start, window_end, window_time;
CREATE TEMPORARY VIEW b AS SELECT k, window_time AS rt, window_start ws, window_end we, SUM(n) n FROM a GROUP BY k, window_start, window_end, window_time;
CREATE TABLE `result` (
  `k` VARCHAR(2147483647),
  `window_start` TIMESTAMP(3),
  `window_end` TIMESTAMP(3),
  `window_time` TIMESTAMP(3) WITH LOCAL TIME ZONE,
  `EXPR$4` BIGINT,
  `EXPR$5` TIMESTAMP(3),
  `EXPR$6` TIMESTAMP(3)
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT k, window_start, window_end, window_time, MAX(n), MIN(ws), MAX(we) FROM TABLE(TUMBLE(TABLE b, DESCRIPTOR(rt), INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end, window_time;
