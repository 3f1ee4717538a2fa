CREATE TABLE lateev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='time/current_watermark_filter.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `v` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v FROM lateev WHERE CURRENT_WATERMARK(ts) IS NULL OR ts > CURRENT_WATERMARK(ts);
