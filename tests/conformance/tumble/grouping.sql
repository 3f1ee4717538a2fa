CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'tumble/grouping.jsonl', 'format' = 'json');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `k` STRING, `g` INT, `n` BIGINT, `gk` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, k, g, COUNT(*) n, GROUPING(k) gk FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '30' SECOND)) GROUP BY window_start, window_end, ROLLUP(k, g);
