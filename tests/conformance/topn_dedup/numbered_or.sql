CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/numbered_or.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `k` VARCHAR(2147483647), `rn` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, k, rn FROM (SELECT id, k, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) rn FROM l0) WHERE rn <= 3 OR k = 'a';
