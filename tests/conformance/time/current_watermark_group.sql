CREATE TABLE z0 (
  id INT, k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector'='filesystem','path'='time/current_watermark_group.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COUNT(*) n FROM z0 WHERE ts <= CURRENT_WATERMARK(ts) GROUP BY k;
