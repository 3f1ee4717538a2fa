CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/join_double.jsonl','format'='json');
CREATE TABLE u (d DOUBLE, v STRING) WITH ('connector'='filesystem','path'='decimal/join_double.2.jsonl','format'='json');
CREATE TABLE `result` (id INT, d DOUBLE, v STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT t.id, u.d, u.v FROM t JOIN u ON t.a = u.d;
