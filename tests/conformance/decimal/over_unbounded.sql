CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/over_unbounded.jsonl','format'='json');
CREATE TABLE `result` (id INT, s DECIMAL(38,2), av DECIMAL(38,6), l DECIMAL(10,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT id, SUM(a) OVER w, AVG(a) OVER w, LAG(a) OVER w FROM t WINDOW w AS (PARTITION BY k ORDER BY ts);
