CREATE TABLE t (id INT, ts TIMESTAMP(3)) WITH ('connector'='filesystem','path'='decimal/extract.jsonl','format'='json');
CREATE TABLE `result` (id INT, x STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id, CAST(EXTRACT(SECOND FROM ts) * 1.5 AS STRING) FROM t;
