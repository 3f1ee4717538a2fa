CREATE TABLE ev (id INT, k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'topn_dedup/order_by_time_and_values.jsonl', 'format' = 'json');
CREATE TABLE `result` (`id` INT, `k` STRING, `v` BIGINT, `ts` TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, v, ts FROM ev ORDER BY ts, k DESC, v;
