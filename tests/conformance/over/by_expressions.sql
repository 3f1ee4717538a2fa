CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='over/by_expressions.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, COUNT(*) OVER (PARTITION BY v > 2, UPPER(k) ORDER BY ts RANGE BETWEEN INTERVAL '6' SECOND PRECEDING AND CURRENT ROW) n FROM ev;
