SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE ltz (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'tumble/zone_of_hours.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE VIEW inn AS SELECT window_time rt, SUM(v) sv FROM TABLE(TUMBLE(TABLE ltz, DESCRIPTOR(ts), INTERVAL '1' HOUR)) GROUP BY window_start, window_end, window_time;
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, SUM(sv) n FROM TABLE(TUMBLE(TABLE inn, DESCRIPTOR(rt), INTERVAL '1' DAY)) GROUP BY window_start, window_end;
