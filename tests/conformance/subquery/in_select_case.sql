CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/in_select_case.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/in_select_case.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `e` BOOLEAN, `x` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, k IN (SELECT k FROM o1 WHERE v > 2 AND k IS NOT NULL) AS e, CASE WHEN EXISTS (SELECT 1 FROM o1 WHERE o1.s = o0.s) THEN 1 ELSE 0 END x FROM o0;
