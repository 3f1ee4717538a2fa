SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE ltz (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '1' HOUR) WITH ('connector' = 'filesystem', 'path' = 'topn_dedup/zone_top.jsonl', 'format' = 'json', 'json.timestamp-format.standard' = 'SQL');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `id` INT, `rn` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, id, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY v DESC, id) rn FROM TABLE(TUMBLE(TABLE ltz, DESCRIPTOR(ts), INTERVAL '3' HOUR))) WHERE rn <= 2;
