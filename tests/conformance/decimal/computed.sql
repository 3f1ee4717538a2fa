CREATE TABLE t (id INT, p DECIMAL(8,3), q INT, total AS p * q, disc AS CAST(p * 0.9 AS DECIMAL(8,2))) WITH ('connector'='filesystem','path'='decimal/computed.jsonl','format'='json');
CREATE TABLE `result` (id INT, total DECIMAL(19,3), disc DECIMAL(8,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, total, disc FROM t;
