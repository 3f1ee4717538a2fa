CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='tumble/of_tumble.jsonl','format'='json');
CREATE VIEW t1 AS SELECT u, window_time AS wt, COUNT(*) AS c FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY u, window_start, window_end, window_time;
CREATE TABLE `result` (ws TIMESTAMP(3), m BIGINT, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT window_start, MAX(c), COUNT(*) FROM TABLE(TUMBLE(TABLE t1, DESCRIPTOR(wt), INTERVAL '1' MINUTE)) GROUP BY window_start, window_end;
