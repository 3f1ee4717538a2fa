CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='tumble/rowtime_legacy.jsonl','format'='json');
CREATE VIEW t1 AS SELECT u, TUMBLE_ROWTIME(ts, INTERVAL '10' SECOND) AS rt, COUNT(*) AS c FROM ev GROUP BY u, TUMBLE(ts, INTERVAL '10' SECOND);
CREATE TABLE `result` (u STRING, m BIGINT, ws TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, MAX(c), TUMBLE_START(rt, INTERVAL '1' MINUTE) FROM t1 GROUP BY u, TUMBLE(rt, INTERVAL '1' MINUTE);
