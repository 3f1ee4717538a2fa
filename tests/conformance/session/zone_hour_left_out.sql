SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE ltz (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'session/zone_hour_left_out.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE TABLE `result` (`k` STRING, `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT, `sv` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) n, SUM(v) sv FROM TABLE(SESSION(TABLE ltz PARTITION BY k, DESCRIPTOR(ts), INTERVAL '2' HOUR)) GROUP BY k, window_start, window_end;
