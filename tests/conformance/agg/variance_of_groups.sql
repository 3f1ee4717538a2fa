CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, c DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector' = 'filesystem', 'path' = 'agg/variance_of_groups.jsonl', 'format' = 'json');
CREATE TABLE `result` (`g` INT, `a` DOUBLE, `b` DOUBLE, `c` DOUBLE, `d` DOUBLE) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT g, ROUND(VAR_POP(s), 6), ROUND(STDDEV_POP(s), 6), ROUND(VAR_SAMP(s), 6), ROUND(STDDEV_SAMP(s), 6) FROM (SELECT k, g, SUM(p) AS s FROM ev GROUP BY k, g) GROUP BY g;
