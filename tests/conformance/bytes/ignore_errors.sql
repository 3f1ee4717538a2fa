CREATE TABLE t (id INT, a DECIMAL(10,2), v BYTES) WITH ('connector'='filesystem','path'='bytes/ignore_errors.jsonl','format'='json','json.ignore-parse-errors'='true');
CREATE TABLE `result` (id INT, a DECIMAL(10,2), v BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT * FROM t;
