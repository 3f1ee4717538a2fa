CREATE TABLE t (id INT, v BYTES, s STRING) WITH ('connector'='filesystem','path'='bytes/order_limit.jsonl','format'='json');
CREATE TABLE `result` (id INT, v BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT id, v FROM t ORDER BY v DESC LIMIT 2;
