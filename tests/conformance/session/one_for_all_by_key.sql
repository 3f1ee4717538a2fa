CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='session/one_for_all_by_key.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, window_start, window_end, SUM(v) n FROM TABLE(SESSION(TABLE l0, DESCRIPTOR(ts), INTERVAL '1' SECOND)) WHERE g <> 2 GROUP BY k, window_start, window_end;
