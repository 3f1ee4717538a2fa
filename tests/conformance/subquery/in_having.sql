CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/in_having.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/in_having.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `sv` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, SUM(v) sv FROM o0 GROUP BY k HAVING k IN (SELECT k FROM o1 WHERE g = 1);
