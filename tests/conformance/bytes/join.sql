CREATE TABLE t (id INT, v BYTES, s STRING) WITH ('connector'='filesystem','path'='bytes/join.jsonl','format'='json');
CREATE TABLE `result` (a INT, b INT, v BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT x.id, y.id, x.v FROM t x JOIN t y ON x.v = y.v AND x.id < y.id;
