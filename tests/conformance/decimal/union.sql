CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/union.jsonl','format'='json');
CREATE TABLE `result` (a DECIMAL(22,4)) WITH ('connector'='print');
INSERT INTO `result` SELECT a FROM t UNION SELECT 1.5 FROM t UNION SELECT id FROM t WHERE id < 5;
