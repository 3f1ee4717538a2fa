CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/interval_join.jsonl','format'='json');
CREATE TABLE `result` (x INT, y INT, a DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT x.id, y.id, x.a FROM t x, t y WHERE x.a = y.a AND x.id < y.id AND x.ts BETWEEN y.ts - INTERVAL '30' SECOND AND y.ts + INTERVAL '30' SECOND;
