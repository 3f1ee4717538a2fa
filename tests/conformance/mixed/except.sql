CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT, ts AS TO_TIMESTAMP_LTZ(id*1000,3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='mixed/in.jsonl','format'='json');
CREATE TABLE `result` (x DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT a FROM t EXCEPT SELECT CAST(1.25 AS DECIMAL(10,2)) FROM t;
