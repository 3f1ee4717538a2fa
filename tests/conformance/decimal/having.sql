CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/having.jsonl','format'='json');
CREATE TABLE `result` (k STRING, s DECIMAL(38,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT k, SUM(a) FROM t GROUP BY k HAVING SUM(a) > 10.5 OR AVG(b) < 0;
