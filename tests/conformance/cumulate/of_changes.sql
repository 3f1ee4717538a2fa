CREATE TABLE cu (id INT, k STRING, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'cumulate/of_changes.jsonl', 'format' = 'debezium-json');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT, `s` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, COUNT(*) n, SUM(v) s FROM TABLE(CUMULATE(TABLE cu, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY window_start, window_end;
