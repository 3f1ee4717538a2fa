CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/hop.jsonl','format'='json');
CREATE TABLE `result` (k STRING, we TIMESTAMP(3), s DECIMAL(38,2), av DECIMAL(38,6), mi DECIMAL(10,2), ma DECIMAL(10,2), n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT k, window_end, SUM(a), AVG(a), MIN(a), MAX(a), COUNT(a) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY k, window_start, window_end;
