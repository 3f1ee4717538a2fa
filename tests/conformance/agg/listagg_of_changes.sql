CREATE TABLE cu (id INT, k STRING, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'agg/listagg_of_changes.jsonl', 'format' = 'debezium-json');
CREATE TABLE `result` (`k` STRING, `f` STRING) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, LISTAGG(CAST(v AS STRING), '-') f FROM cu GROUP BY k;
