CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3)) WITH ('connector'='filesystem','path'='decimal/json_digits.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DECIMAL(10,2), b DECIMAL(5,3)) WITH ('connector'='print');
INSERT INTO `result` SELECT * FROM t;
