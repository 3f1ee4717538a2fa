CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/last_value.jsonl','format'='json');
CREATE TABLE `result` (k INT, a BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT MOD(id,2), LAST_VALUE(v) FROM t GROUP BY MOD(id,2);
