CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'hop/uneven_older_form.jsonl', 'format' = 'json');
CREATE TABLE `result` (`k` STRING, `a` TIMESTAMP(3), `b` TIMESTAMP(3), `n` BIGINT, `s` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, HOP_START(ts, INTERVAL '7' SECOND, INTERVAL '30' SECOND) a, HOP_END(ts, INTERVAL '7' SECOND, INTERVAL '30' SECOND) b, COUNT(*) n, SUM(v) s FROM ev GROUP BY k, HOP(ts, INTERVAL '7' SECOND, INTERVAL '30' SECOND);
