CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/union_all.jsonl','format'='json');
CREATE TABLE `result` (a DECIMAL(22,4)) WITH ('connector'='print');
INSERT INTO `result` SELECT a FROM t UNION ALL SELECT b FROM t;
