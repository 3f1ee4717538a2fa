CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT, ts AS TO_TIMESTAMP_LTZ(id*1000,3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='mixed/in.jsonl','format'='json');
CREATE TABLE `result` (x STRING, y STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT JSON_ARRAY(1.50, a, b), JSON_OBJECT('k' VALUE a, 'n' VALUE 1.5) FROM t;
