CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/window_key.jsonl','format'='json');
CREATE TABLE `result` (a DECIMAL(10,2), we TIMESTAMP(3), n BIGINT, s DECIMAL(38,4)) WITH ('connector'='print');
INSERT INTO `result` SELECT a, window_end, COUNT(*), SUM(b) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '60' SECOND)) GROUP BY a, window_start, window_end;
