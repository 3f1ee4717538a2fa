CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT, ts AS TO_TIMESTAMP_LTZ(id*1000,3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='mixed/in.jsonl','format'='json');
CREATE TABLE `result` (x STRING, y DECIMAL(10,2), z DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT CAST(ARRAY_SORT(ARRAY[a, 2.50, 1.25]) AS STRING), ARRAY_MAX(ARRAY[a, 2.50, 1.25]), ARRAY_MIN(ARRAY[a, 2.50]) FROM t;
