CREATE TABLE cu (id INT, k STRING, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'topn_dedup/first_of_changes.jsonl', 'format' = 'debezium-json');
CREATE TABLE `result` (`k` STRING, `id` INT, `v` BIGINT, `ts` TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, id, v, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) rn FROM cu) WHERE rn = 1;
