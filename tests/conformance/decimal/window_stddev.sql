CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/window_stddev.jsonl','format'='json');
CREATE TABLE `result` (k STRING, we TIMESTAMP(3), sd DECIMAL(38,6), v DECIMAL(38,6)) WITH ('connector'='print');
INSERT INTO `result` SELECT k, window_end, STDDEV_POP(a), VAR_SAMP(a) FROM TABLE(TUMBLE(TABLE t, DESCRIPTOR(ts), INTERVAL '60' SECOND)) WHERE a < 1000 GROUP BY k, window_start, window_end;
