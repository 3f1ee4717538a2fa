CREATE TABLE t (id INT, a DECIMAL(38,0)) WITH ('connector'='filesystem','path'='decimal/sum_overflow.jsonl','format'='json');
CREATE TABLE `result` (n BIGINT, a DECIMAL(38,0), b STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT COUNT(*), SUM(a), CAST(AVG(a) AS STRING) FROM t;
