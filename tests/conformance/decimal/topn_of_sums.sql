CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/topn_of_sums.jsonl','format'='json');
CREATE TABLE `result` (k STRING, s DECIMAL(38,2), rn BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT k, s, rn FROM (SELECT k, s, ROW_NUMBER() OVER (ORDER BY s DESC) AS rn FROM (SELECT k, SUM(a) AS s FROM t GROUP BY k)) WHERE rn <= 2;
