CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/view.jsonl','format'='json');
CREATE VIEW w AS SELECT id, a * 2 AS x, CAST(a AS DECIMAL(5,1)) AS y FROM t;
CREATE TABLE `result` (id INT, x DECIMAL(21,2), y DECIMAL(5,1), z DECIMAL(38,6)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, x, y, x / 3 FROM w WHERE y > -20;
