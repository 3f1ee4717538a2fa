CREATE TABLE ev (id INT, k STRING, g INT, v BIGINT, p DOUBLE, s STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '5' SECOND) WITH ('connector' = 'filesystem', 'path' = 'over/of_first_rows.jsonl', 'format' = 'json');
CREATE VIEW d1 AS SELECT id, k, v, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY id ORDER BY ts) rn FROM ev) WHERE rn = 1;
CREATE TABLE `result` (`id` INT, `k` STRING, `s` BIGINT) WITH ('connector' = 'print');
INSERT INTO `result`
SELECT id, k, SUM(v) OVER (PARTITION BY k ORDER BY ts RANGE BETWEEN INTERVAL '30' SECOND PRECEDING AND CURRENT ROW) s FROM d1;
