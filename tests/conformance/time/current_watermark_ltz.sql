CREATE TABLE lz (
  id INT, k STRING, v BIGINT, ts TIMESTAMP_LTZ(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='time/current_watermark_ltz.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `w` TIMESTAMP(3) WITH LOCAL TIME ZONE, `x` BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CURRENT_WATERMARK(ts) w, ts > CURRENT_WATERMARK(ts) x FROM lz;
