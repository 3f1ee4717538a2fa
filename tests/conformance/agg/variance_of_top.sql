CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, c DECIMAL(10, 2), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND) WITH ('connector' = 'filesystem', 'path' = 'agg/variance_of_top.jsonl', 'format' = 'json');
CREATE TABLE `result` (`g` INT, `a` DOUBLE, `b` DOUBLE, `n` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT g, ROUND(VAR_POP(p), 6), ROUND(STDDEV_SAMP(id), 6), COUNT(*) FROM (SELECT CAST(id AS DOUBLE) AS id, g, p, v, ROW_NUMBER() OVER (PARTITION BY g ORDER BY v DESC, id) AS rn FROM ev) WHERE rn <= 4 GROUP BY g;
