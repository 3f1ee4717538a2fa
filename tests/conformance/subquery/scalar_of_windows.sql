CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_of_windows.jsonl','format'='json');
CREATE TABLE `result` (`window_start` TIMESTAMP(3), `window_end` TIMESTAMP(3), `k` VARCHAR(2147483647), `sv` BIGINT, `pct` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, window_end, k, SUM(v) sv, SUM(v) * 100 / (SELECT SUM(v) FROM l0) pct FROM TABLE(TUMBLE(TABLE l0, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, k;
