CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/qualify_first.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `id` INT, `v` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, id, v FROM l0 QUALIFY ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts) = 1;
