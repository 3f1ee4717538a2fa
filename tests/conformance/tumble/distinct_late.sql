CREATE TABLE lateev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='tumble/distinct_late.jsonl','format'='json');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `k2` VARCHAR(2147483647)) WITH ('connector'='print');
INSERT INTO `result`
SELECT DISTINCT window_start, window_end, COALESCE(k, '-') k2 FROM TABLE(TUMBLE(TABLE lateev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) WHERE v > 0;
