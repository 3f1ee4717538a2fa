CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'subquery/not_exists_or.jsonl', 'format' = 'json');
CREATE TABLE cu (id INT, k STRING, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (id) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'subquery/not_exists_or.2.jsonl', 'format' = 'debezium-json');
CREATE TABLE `result` (`id` INT, `k` STRING, `v` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, v FROM ev WHERE v IS NULL OR NOT EXISTS (SELECT 1 FROM cu WHERE cu.k = ev.k AND cu.v > ev.v);
