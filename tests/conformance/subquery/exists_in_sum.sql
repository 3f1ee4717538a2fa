CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/exists_in_sum.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/exists_in_sum.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `n` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, SUM(CASE WHEN EXISTS (SELECT 1 FROM o1 WHERE o1.k = o0.k AND o1.v = 7) THEN 1 ELSE 0 END) n FROM o0 GROUP BY k;
