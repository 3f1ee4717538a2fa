CREATE TABLE t (id INT, v BYTES, a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='bytes/window_key.jsonl','format'='json');
CREATE TABLE `result` (v BYTES, we TIMESTAMP(3), n BIGINT, s INT) WITH ('connector'='print');
INSERT INTO `result` SELECT v, window_end, COUNT(*), SUM(a) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY v, window_start, window_end;
