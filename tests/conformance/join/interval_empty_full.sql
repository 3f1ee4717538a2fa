CREATE TABLE ev1 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/interval_empty_full.jsonl', 'format' = 'json');
CREATE TABLE ev2 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/interval_empty_full.2.jsonl', 'format' = 'json');
CREATE TABLE `result` (`id` INT, `j` INT, `v` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.id, b.id, COALESCE(a.v, b.v) FROM ev1 a FULL JOIN ev2 b ON a.k = b.k AND b.ts >= a.ts + INTERVAL '5' SECOND AND b.ts <= a.ts + INTERVAL '2' SECOND;
