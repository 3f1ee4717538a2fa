CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/only_null.jsonl','format'='json');
CREATE TABLE `result` (k STRING, s DECIMAL(38,2), a DECIMAL(38,6), mi DECIMAL(10,2), n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT k, SUM(a), AVG(a), MIN(a), COUNT(a) FROM t WHERE a IS NULL GROUP BY k;
