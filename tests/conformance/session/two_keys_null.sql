CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/two_keys_null.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `s` VARCHAR(2147483647), `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, s, window_start, window_end, COUNT(*) n FROM TABLE(SESSION(TABLE ev PARTITION BY (k, s), DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY k, s, window_start, window_end;
