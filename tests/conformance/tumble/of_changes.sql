CREATE TABLE cu (id INT, k STRING, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'tumble/of_changes.jsonl', 'format' = 'debezium-json');
CREATE TABLE `result` (`k` STRING, `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT, `s` BIGINT, `mi` BIGINT, `ma` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) n, SUM(v) s, MIN(v) mi, MAX(v) ma FROM TABLE(TUMBLE(TABLE cu, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end;
