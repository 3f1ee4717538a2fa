CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT)
WITH ('connector'='filesystem','path'='decimal/double_stays.jsonl','format'='json');
CREATE TABLE `result` (id INT, x DOUBLE, y BOOLEAN, z STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id, d * 1.5 + 0.1, d > 0.5, CAST(CAST(i AS DOUBLE) / 3.0 AS STRING) FROM t;
