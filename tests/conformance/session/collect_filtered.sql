CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='session/collect_filtered.jsonl','format'='json');
CREATE TABLE `result` (ok BOOLEAN, ws TIMESTAMP(3), we TIMESTAMP(3), c MULTISET<STRING>) WITH ('connector'='print');
INSERT INTO `result`
SELECT ok, window_start, window_end, COLLECT(s) FILTER (WHERE v > 1) FROM TABLE(SESSION(TABLE ev PARTITION BY ok, DESCRIPTOR(ts), INTERVAL '1' SECOND)) GROUP BY ok, window_start, window_end;
