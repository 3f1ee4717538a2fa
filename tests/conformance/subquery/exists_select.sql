CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/exists_select.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/exists_select.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `e` BOOLEAN, `f` BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, EXISTS (SELECT 1 FROM o1 WHERE o1.g = o0.g AND o1.v > 5) e, NOT EXISTS (SELECT 1 FROM o1 WHERE o1.k = o0.k AND o1.v = 7) f FROM o0;
