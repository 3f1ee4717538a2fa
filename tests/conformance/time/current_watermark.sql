CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='time/current_watermark.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `w` TIMESTAMP(3), `x` BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CURRENT_WATERMARK(ts) w, ts > CURRENT_WATERMARK(ts) x FROM ev;
