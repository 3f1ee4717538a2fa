CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, c DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector' = 'filesystem', 'path' = 'agg/variance_of_left_join.jsonl', 'format' = 'json');
CREATE TABLE `result` (`g` INT, `a` DOUBLE, `b` DECIMAL(38, 6)) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT a.g, ROUND(VAR_POP(b.p), 6), ROUND(STDDEV_SAMP(b.c), 6) FROM ev a LEFT JOIN (SELECT * FROM ev WHERE v > 10) b ON a.k = b.k AND a.id < b.id GROUP BY a.g;
