CREATE TABLE t (id INT, v BYTES, s STRING) WITH ('connector'='filesystem','path'='bytes/group_key.jsonl','format'='json');
CREATE TABLE `result` (v BYTES, n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT v, COUNT(*) FROM t GROUP BY v;
