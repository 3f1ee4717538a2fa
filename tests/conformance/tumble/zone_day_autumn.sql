SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE ltz (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'tumble/zone_day_autumn.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE TABLE `result` (`k` STRING, `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `window_time` TIMESTAMP_LTZ(3), `n` BIGINT, `sv` BIGINT, `mi` TIMESTAMP_LTZ(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, window_time, COUNT(*) n, SUM(v) sv, MIN(ts) mi FROM TABLE(TUMBLE(TABLE ltz, DESCRIPTOR(ts), INTERVAL '1' DAY)) GROUP BY k, window_start, window_end, window_time;
