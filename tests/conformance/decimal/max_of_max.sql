CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/max_of_max.jsonl','format'='json');
CREATE TABLE `result` (k STRING, s DECIMAL(38,4)) WITH ('connector'='print');
INSERT INTO `result` SELECT k, MAX(m) FROM (SELECT k, id, MAX(b) AS m FROM t GROUP BY k, id) GROUP BY k;
