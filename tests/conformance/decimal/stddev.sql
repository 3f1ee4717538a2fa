CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT)
WITH ('connector'='filesystem','path'='decimal/stddev.jsonl','format'='json');
CREATE TABLE `result` (k INT, c1 DECIMAL(38,6), c2 DECIMAL(38,6), c3 DECIMAL(38,6), c4 DECIMAL(38,6)) WITH ('connector'='print');
INSERT INTO `result` SELECT MOD(id,2), STDDEV_POP(b), STDDEV_SAMP(b), VAR_POP(b), VAR_SAMP(b) FROM t GROUP BY MOD(id,2);
