CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/lag.jsonl','format'='json');
CREATE TABLE `result` (id INT, l DECIMAL(10,2), d DECIMAL(11,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, LAG(a, 1, CAST(0 AS DECIMAL(10,2))) OVER (PARTITION BY k ORDER BY ts), a - LAG(a) OVER (PARTITION BY k ORDER BY ts) FROM t;
