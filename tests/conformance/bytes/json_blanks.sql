CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/json_blanks.jsonl','format'='json');
CREATE TABLE `result` (id INT, v BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT id, v FROM t;
