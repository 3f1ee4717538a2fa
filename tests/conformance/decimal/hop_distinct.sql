CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/hop_distinct.jsonl','format'='json');
CREATE TABLE `result` (k STRING, we TIMESTAMP(3), nd BIGINT, sb DECIMAL(38,4), ab DECIMAL(38,6)) WITH ('connector'='print');
INSERT INTO `result` SELECT k, window_end, COUNT(DISTINCT a), SUM(b), AVG(b) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY k, window_start, window_end;
