CREATE TABLE t (id INT, v BYTES, s STRING) WITH ('connector'='filesystem','path'='bytes/sink_types.jsonl','format'='json');
CREATE TABLE `result` (id INT, v VARBINARY(2), y BYTES, z BYTES, w BINARY(3)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, v, X'0102', CAST(s AS BINARY(4)), X'0102' FROM t;
