CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/join.jsonl','format'='json');
CREATE TABLE u (id INT, c DECIMAL(12,3), v STRING) WITH ('connector'='filesystem','path'='decimal/join.2.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DECIMAL(10,2), c DECIMAL(12,3), v STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT t.id, t.a, u.c, u.v FROM t JOIN u ON t.a = u.c;
