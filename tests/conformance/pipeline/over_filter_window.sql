CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='pipeline/over_filter_window.jsonl','format'='json');
CREATE VIEW o AS SELECT u, ts FROM (SELECT u, ts, SUM(v) OVER (PARTITION BY u ORDER BY ts) AS t FROM ev) WHERE t > 10;
CREATE TABLE `result` (ws TIMESTAMP(3), n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, COUNT(*) FROM TABLE(TUMBLE(TABLE o, DESCRIPTOR(ts), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
