CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='agg/sets_of_three.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `ok` BOOLEAN, `s` VARCHAR(2147483647), `n` BIGINT, `g` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, ok, s, COUNT(*) n, GROUPING(k, ok, s) g FROM ev GROUP BY GROUPING SETS ((k, ok), (s), ());
