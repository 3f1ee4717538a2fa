CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='over/qualify.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `k` VARCHAR(2147483647), `v` BIGINT, `ts` TIMESTAMP(3), `sv` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, k, v, ts, SUM(v) OVER (PARTITION BY k ORDER BY ts) sv FROM o0 QUALIFY SUM(v) OVER (PARTITION BY k ORDER BY ts) > 3;
