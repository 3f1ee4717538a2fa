CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/order_by_unselected_time.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `v` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v FROM l0 ORDER BY ts;
