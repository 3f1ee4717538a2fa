CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'tumble/before_1970.jsonl', 'format' = 'json');
CREATE TABLE `result` (`k` STRING, `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `window_time` TIMESTAMP(3), `n` BIGINT, `nv` BIGINT, `sv` BIGINT, `mi` BIGINT, `ma` BIGINT, `av` BIGINT, `ms` STRING, `mt` TIMESTAMP(3), `dv` BIGINT, `sp` DOUBLE, `ap` DOUBLE) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, window_start, window_end, window_time, COUNT(*) n, COUNT(v) nv, SUM(v) sv, MIN(v) mi, MAX(v) ma, AVG(v) av, MIN(s) ms, MAX(ts) mt, COUNT(DISTINCT v) dv, SUM(p) sp, AVG(p) ap
FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end, window_time;
