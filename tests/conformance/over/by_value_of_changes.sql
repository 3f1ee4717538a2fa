CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='over/by_value_of_changes.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `g` INT, `n` BIGINT, `x` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, g, n, SUM(n) OVER (PARTITION BY k ORDER BY g) x FROM (SELECT k, g, COUNT(*) n FROM l0 GROUP BY k, g);
