CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/first_last.jsonl','format'='json');
CREATE TABLE `result` (k STRING, f DECIMAL(10,2), l DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT k, FIRST_VALUE(a), LAST_VALUE(a) FROM t GROUP BY k;
