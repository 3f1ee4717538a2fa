CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/order_limit.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, a FROM t ORDER BY a DESC, id LIMIT 5;
