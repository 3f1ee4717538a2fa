CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/over_partition.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DECIMAL(10,2), n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT id, a, COUNT(*) OVER (PARTITION BY a ORDER BY ts) FROM t;
