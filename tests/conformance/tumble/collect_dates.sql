CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='tumble/collect_dates.jsonl','format'='json');
CREATE TABLE `result` (ws TIMESTAMP(3), c MULTISET<DATE>) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, COLLECT(CAST(ts + INTERVAL '13' DAY * v AS DATE)) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY window_start, window_end;
