CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/in_list.jsonl','format'='json');
CREATE TABLE `result` (id INT, p BOOLEAN, q BOOLEAN) WITH ('connector'='print');
INSERT INTO `result` SELECT id, a IN (1.25, 7, 0.01), a NOT IN (1.250, NULL) FROM t;
