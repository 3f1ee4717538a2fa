CREATE TABLE t (id INT, a DECIMAL(38,0)) WITH ('connector'='filesystem','path'='decimal/sums_at_the_edge.jsonl','format'='json');
CREATE TABLE `result` (id INT, s DECIMAL(38,0), a DECIMAL(38,6), m DECIMAL(38,0)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, SUM(a), AVG(a), MAX(a) FROM t GROUP BY id;
