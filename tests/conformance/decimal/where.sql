CREATE TABLE t (id INT, a DECIMAL(10,2), b DECIMAL(5,3), c DECIMAL(38,10), i INT, l BIGINT, d DOUBLE, s STRING, bo BOOLEAN, ti TINYINT, f FLOAT)
WITH ('connector'='filesystem','path'='decimal/where.jsonl','format'='json');
CREATE TABLE `result` (id INT, c0 STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id,
  CAST(a AS STRING)
FROM t WHERE a > 0.5 AND b <= 2.125 OR c * 2 = -1;
