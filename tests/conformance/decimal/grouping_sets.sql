CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/grouping_sets.jsonl','format'='json');
CREATE TABLE `result` (k STRING, a DECIMAL(10,2), s DECIMAL(38,4)) WITH ('connector'='print');
INSERT INTO `result` SELECT k, a, SUM(b) FROM t GROUP BY GROUPING SETS ((k), (a), ());
