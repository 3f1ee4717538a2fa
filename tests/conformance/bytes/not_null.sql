CREATE TABLE t (id INT, v BYTES NOT NULL, d DECIMAL(5,2) NOT NULL) WITH ('connector'='filesystem','path'='bytes/not_null.jsonl','format'='json');
CREATE TABLE `result` (id INT, v BYTES, d DECIMAL(5,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT * FROM t;
