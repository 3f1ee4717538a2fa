CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/below_a_filter.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, window_start, window_end, COUNT(*) n FROM (SELECT *, UPPER(k) kk FROM TABLE(SESSION(TABLE l0 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '3' SECOND)) WHERE v > 0) GROUP BY k, window_start, window_end;
