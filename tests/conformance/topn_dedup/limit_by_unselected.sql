CREATE TABLE o0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/limit_by_unselected.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/limit_by_unselected.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT a.id FROM o0 a JOIN o1 b ON a.k = b.k ORDER BY b.v DESC, a.id, b.id LIMIT 3;
