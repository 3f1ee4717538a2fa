CREATE TABLE z0 (
  id INT, k STRING, v BIGINT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts
) WITH ('connector'='filesystem','path'='tumble/no_delay.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT, `mv` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) n, MIN(v) mv FROM TABLE(TUMBLE(TABLE z0, DESCRIPTOR(ts), INTERVAL '3' SECOND)) GROUP BY k, window_start, window_end;
