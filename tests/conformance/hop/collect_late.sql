CREATE TABLE ev (
  id INT, k STRING, v BIGINT, s STRING, d DOUBLE, ok BOOLEAN, ts TIMESTAMP(3), pt AS PROCTIME(), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='hop/collect_late.jsonl','format'='json');
CREATE TABLE `result` (k STRING, ws TIMESTAMP(3), c MULTISET<STRING>, d MULTISET<BIGINT>, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, window_start, COLLECT(s), COLLECT(DISTINCT v), COUNT(*) FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '3' SECOND, INTERVAL '9' SECOND)) GROUP BY k, window_start, window_end;
