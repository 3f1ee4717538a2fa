CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT)
WITH ('connector'='filesystem','path'='decimal/sink_types.jsonl','format'='json');
CREATE TABLE `result` (id INT, x DECIMAL(12,4), y DECIMAL(20,3), z DOUBLE, w DECIMAL(20,0), v DECIMAL(6,3)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, a, b, a, l, b FROM t;
