CREATE TABLE t (id INT, v BYTES) WITH ('connector'='filesystem','path'='bytes/json_functions.jsonl','format'='json');
CREATE TABLE `result` (id INT, s STRING, u STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id, JSON_STRING(v), JSON_OBJECT('v' VALUE v) FROM t;
