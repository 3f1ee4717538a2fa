CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='cumulate/collect.jsonl','format'='json');
CREATE TABLE `result` (k STRING, e TIMESTAMP(3), c MULTISET<BIGINT>) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, window_end, COLLECT(v) FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '2' SECOND, INTERVAL '6' SECOND)) GROUP BY k, window_start, window_end;
