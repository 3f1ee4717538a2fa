CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/percentile_window.jsonl','format'='json');
CREATE TABLE `result` (a TIMESTAMP(3), b DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, PERCENTILE(v, 0.75) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
