SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE ltz (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'hop/zone_day_spring.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT, `sv` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, COUNT(*) n, SUM(v) sv FROM TABLE(HOP(TABLE ltz, DESCRIPTOR(ts), INTERVAL '6' HOUR, INTERVAL '1' DAY)) GROUP BY window_start, window_end;
