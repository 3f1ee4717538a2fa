CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='cumulate/grouping_sets.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `s` VARCHAR(2147483647), `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `n` BIGINT, `sv` BIGINT, `g` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, s, window_start, window_end, COUNT(*) n, SUM(v) sv, GROUPING(k) g FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND)) GROUP BY GROUPING SETS ((window_start, window_end, k), (window_start, window_end, s), (window_start, window_end));
