CREATE TABLE t (id INT, a DECIMAL, b NUMERIC(5), c DEC(6,2), n DECIMAL(38,38)) WITH ('connector'='filesystem','path'='decimal/default_precision.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DECIMAL, b NUMERIC(5), c DEC(6,2), n DECIMAL(38,38)) WITH ('connector'='print');
INSERT INTO `result` SELECT * FROM t;
