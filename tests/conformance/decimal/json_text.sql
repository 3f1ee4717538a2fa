CREATE TABLE t (id INT, a DECIMAL(10,2)) WITH ('connector'='filesystem','path'='decimal/json_text.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT * FROM t;
