CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_having.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_having.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COUNT(*) n FROM o0 GROUP BY k HAVING COUNT(*) NOT IN (SELECT g FROM o1 WHERE g IS NOT NULL);
