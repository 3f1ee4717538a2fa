CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'hop/listagg.jsonl', 'format' = 'json');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `window_time` TIMESTAMP(3), `n` BIGINT, `ls` STRING) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT window_start, window_end, window_time, COUNT(*) n, LISTAGG(s, '|') ls FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND, INTERVAL '3' SECOND)) GROUP BY window_start, window_end, window_time;
