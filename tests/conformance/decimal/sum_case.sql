CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/sum_case.jsonl','format'='json');
CREATE TABLE `result` (k STRING, s DECIMAL(38,2), r DECIMAL(38,6), c BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT k, SUM(CASE WHEN a > 1.3 THEN a ELSE 0 END), SUM(a) / COUNT(*), COUNT(*) FILTER (WHERE a > 1.24 AND a < 1.26) FROM t GROUP BY k;
