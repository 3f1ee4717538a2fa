SET 'table.local-time-zone' = 'America/New_York';
CREATE TABLE ltz (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'tumble/zone_offset.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE TABLE `result` (`k` STRING, `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `window_time` TIMESTAMP_LTZ(3), `n` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, window_time, COUNT(*) n FROM TABLE(TUMBLE(TABLE ltz, DESCRIPTOR(ts), INTERVAL '1' DAY, INTERVAL '2' HOUR)) GROUP BY k, window_start, window_end, window_time;
