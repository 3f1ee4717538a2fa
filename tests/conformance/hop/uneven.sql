CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'hop/uneven.jsonl', 'format' = 'json');
CREATE TABLE `result` (`id` INT, `k` STRING, `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, window_start, window_end FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '7' SECOND, INTERVAL '30' SECOND));
