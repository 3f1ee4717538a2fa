CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(38,20), v BYTES) WITH ('connector'='filesystem','path'='decimal/json_object.jsonl','format'='json');
CREATE TABLE `result` (id INT, s STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id, JSON_OBJECT('a' VALUE a, 'b' VALUE b) FROM t;
