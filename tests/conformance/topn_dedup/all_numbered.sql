CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/all_numbered.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `EXPR$1` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v) FROM l0;
