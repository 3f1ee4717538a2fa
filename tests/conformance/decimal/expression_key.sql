CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/expression_key.jsonl','format'='json');
CREATE TABLE `result` (x DECIMAL(13,1), n BIGINT, m DECIMAL(38,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT ROUND(a * 1.5, 1), COUNT(*), SUM(a) FROM t GROUP BY ROUND(a * 1.5, 1);
