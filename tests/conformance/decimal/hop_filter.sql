CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/hop_filter.jsonl','format'='json');
CREATE TABLE `result` (k STRING, we TIMESTAMP(3), mx DECIMAL(13,3), mi DECIMAL(20,4), n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT k, window_end, MAX(a * 1.5), MIN(-b), COUNT(*) FILTER (WHERE a > 1.25) FROM TABLE(HOP(TABLE t, DESCRIPTOR(ts), INTERVAL '10' SECOND, INTERVAL '30' SECOND)) GROUP BY k, window_start, window_end;
