CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'over/rows_and_number.jsonl', 'format' = 'json');
CREATE TABLE `result` (`id` INT, `k` STRING, `n` BIGINT, `s` BIGINT, `mi` STRING, `ma` DOUBLE, `rn` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, COUNT(v) OVER w n, SUM(v) OVER w s, MIN(s) OVER w mi, MAX(p) OVER w ma, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) rn FROM (SELECT * FROM ev) WINDOW w AS (PARTITION BY k ORDER BY ts ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW);
