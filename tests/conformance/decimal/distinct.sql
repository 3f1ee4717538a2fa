CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/distinct.jsonl','format'='json');
CREATE TABLE `result` (a DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT DISTINCT a FROM t;
