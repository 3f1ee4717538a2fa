CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='pipeline/cumulate_of_tumble.jsonl','format'='json');
CREATE TEMPORARY VIEW w1 AS SELECT k, window_time wt, SUM(v) n FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end, window_time;
CREATE TABLE `result` (`k` VARCHAR(2147483647), `window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `sn` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, window_start, window_end, SUM(n) sn FROM TABLE(CUMULATE(TABLE w1, DESCRIPTOR(wt), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY k, window_start, window_end;
