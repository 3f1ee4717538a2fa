CREATE TABLE cu (id INT, k STRING, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'agg/first_of_changes.jsonl', 'format' = 'debezium-json');
CREATE TABLE `result` (`k` STRING, `f` BIGINT, `l` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, FIRST_VALUE(v) f, LAST_VALUE(v) l FROM cu GROUP BY k;
