CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, c DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector' = 'filesystem', 'path' = 'agg/variance_of_groups_distinct.jsonl', 'format' = 'json');
CREATE TABLE `result` (`a` DOUBLE, `b` DOUBLE, `n` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT ROUND(VAR_POP(DISTINCT m), 6), ROUND(STDDEV(m) FILTER (WHERE m > 5), 6), COUNT(*) FROM (SELECT k, CAST(MAX(v) AS DOUBLE) AS m FROM ev GROUP BY k);
