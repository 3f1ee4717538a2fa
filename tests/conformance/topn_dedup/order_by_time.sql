CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'topn_dedup/order_by_time.jsonl', 'format' = 'json');
CREATE TABLE `result` (`id` INT, `k` STRING, `ts` TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, ts FROM ev ORDER BY ts;
