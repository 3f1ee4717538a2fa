CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='tumble/cte.jsonl','format'='json');
CREATE TABLE `result` (u STRING, we TIMESTAMP(3), n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
WITH t AS (SELECT * FROM ev WHERE v >= 0) SELECT u, window_end, COUNT(*) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '20' SECOND)) GROUP BY u, window_start, window_end;
