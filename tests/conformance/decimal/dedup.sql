CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/dedup.jsonl','format'='json');
CREATE TABLE `result` (a DECIMAL(10,2), id INT) WITH ('connector'='print');
INSERT INTO `result` SELECT a, id FROM (SELECT a, id, ROW_NUMBER() OVER (PARTITION BY a ORDER BY ts) AS rn FROM t) WHERE rn = 1;
