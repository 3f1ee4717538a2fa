CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/limit_by_expression.jsonl','format'='json');
CREATE TABLE `result` (`id` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id FROM l0 ORDER BY v + id DESC LIMIT 2;
