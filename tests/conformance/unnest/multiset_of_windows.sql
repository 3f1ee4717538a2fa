CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='unnest/multiset_of_windows.jsonl','format'='json');
CREATE TABLE `result` (x STRING, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x, COUNT(*) FROM (SELECT k, window_start, COLLECT(s) AS c FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end), UNNEST(c) AS t(x) GROUP BY x;
