CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='tumble/distinct_bounds.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT DISTINCT k, window_start, window_end FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND));
