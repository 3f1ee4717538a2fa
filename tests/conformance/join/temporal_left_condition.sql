CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_left_condition.jsonl', 'format' = 'json');
CREATE TABLE rate (k STRING, w BIGINT, rt TIMESTAMP(3), PRIMARY KEY (k) NOT ENFORCED, WATERMARK FOR rt AS rt - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_left_condition.2.jsonl', 'format' = 'debezium-json');
CREATE TABLE `result` (`id` INT, `k` STRING, `w` BIGINT, `rt` TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT e.id, e.k, r.w, r.rt FROM ev e LEFT JOIN rate FOR SYSTEM_TIME AS OF e.ts AS r ON e.k = r.k AND r.w > 2;
