CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'topn_dedup/fetch.jsonl', 'format' = 'json');
CREATE TABLE `result` (`k` STRING, `g` INT, `n` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT k, g, SUM(v) n FROM ev GROUP BY k, g ORDER BY n, k, g FETCH FIRST 3 ROWS ONLY;
