CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_select.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_select.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `e` BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, g NOT IN (SELECT g FROM o1 WHERE v = 7) e FROM o0;
