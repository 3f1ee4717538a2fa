CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/retract.jsonl','format'='json');
CREATE TABLE `result` (m BIGINT, s DECIMAL(38,2), av DECIMAL(38,6), mi DECIMAL(38,2), ma DECIMAL(38,2), c BIGINT, sd DECIMAL(38,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT n, SUM(s), AVG(s), MIN(s), MAX(s), COUNT(DISTINCT s), SUM(DISTINCT s) FROM (SELECT k, SUM(a) AS s, MOD(COUNT(*),3) AS n FROM t GROUP BY k) GROUP BY n;
