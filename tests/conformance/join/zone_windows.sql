SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE ltz1 (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'join/zone_windows.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE TABLE ltz2 (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'join/zone_windows.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE TABLE `result` (`id` INT, `bid` INT, `window_start` TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id bid, a.window_start FROM (SELECT * FROM TABLE(TUMBLE(TABLE ltz1, DESCRIPTOR(ts), INTERVAL '3' HOUR))) a LEFT JOIN (SELECT * FROM TABLE(TUMBLE(TABLE ltz2, DESCRIPTOR(ts), INTERVAL '3' HOUR))) b ON a.k = b.k AND a.v < b.v AND a.window_start = b.window_start AND a.window_end = b.window_end;
