CREATE TABLE ev1 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_computed_more.jsonl', 'format' = 'json');
CREATE TABLE ev2 (id INT, k STRING NOT NULL, g INT, v BIGINT, ts TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_computed_more.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (`id` INT, `k` STRING, `v` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT e.id, e.k, r.v FROM ev1 e LEFT JOIN ev2 FOR SYSTEM_TIME AS OF e.ts AS r ON e.k = r.k AND e.g = r.g + 1;
