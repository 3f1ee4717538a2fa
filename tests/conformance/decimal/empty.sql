CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/empty.jsonl','format'='json');
CREATE TABLE `result` (s DECIMAL(38,2), a DECIMAL(38,6), n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT SUM(a), AVG(a), COUNT(*) FROM t WHERE a > 1e12;
