CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT)
WITH ('connector'='filesystem','path'='decimal/group_key.jsonl','format'='json');
CREATE TABLE `result` (a DECIMAL(10,2), n BIGINT, s DECIMAL(38,3)) WITH ('connector'='print');
INSERT INTO `result` SELECT a, COUNT(*), SUM(b) FROM t GROUP BY a HAVING COUNT(*) > 0;
