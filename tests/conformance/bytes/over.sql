CREATE TABLE t (id INT, v BYTES, a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='bytes/over.jsonl','format'='json');
CREATE TABLE `result` (id INT, l BYTES, n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT id, LAG(v) OVER (PARTITION BY v ORDER BY ts), COUNT(*) OVER (PARTITION BY v ORDER BY ts) FROM t;
