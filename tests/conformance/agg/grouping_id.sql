CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'agg/grouping_id.jsonl', 'format' = 'json');
CREATE TABLE `result` (`k` STRING, `g` INT, `n` BIGINT, `s` BIGINT, `a` BIGINT, `b` BIGINT, `c` BIGINT, `d` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, g, COUNT(*) n, SUM(v) s, GROUPING(k) a, GROUPING(g) b, GROUPING_ID(k, g) c, GROUP_ID() d FROM ev GROUP BY GROUPING SETS ((k, g), (k), ());
