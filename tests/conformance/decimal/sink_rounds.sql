CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT)
WITH ('connector'='filesystem','path'='decimal/sink_rounds.jsonl','format'='json');
CREATE TABLE `result` (id INT, x DECIMAL(5,1)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, a FROM t WHERE id<3;
