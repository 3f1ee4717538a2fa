CREATE TABLE ev1 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_computed_view_more.jsonl', 'format' = 'json');
CREATE TABLE ev2 (id INT, k STRING, g INT, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'join/temporal_computed_view_more.2.jsonl', 'format' = 'json');
CREATE VIEW ver AS SELECT k, g, v, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) rn FROM ev2) WHERE rn = 1;
CREATE TABLE `result` (`id` INT, `k` STRING, `v` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT e.id, e.k, r.v FROM ev1 e LEFT JOIN ver FOR SYSTEM_TIME AS OF e.ts AS r ON e.k = r.k AND MOD(e.v, 2) = MOD(r.v, 2);
