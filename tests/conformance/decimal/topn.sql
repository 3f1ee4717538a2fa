CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/topn.jsonl','format'='json');
CREATE TABLE `result` (k STRING, a DECIMAL(10,2), rn BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT k, a, rn FROM (SELECT k, a, ROW_NUMBER() OVER (PARTITION BY k ORDER BY a DESC, id) AS rn FROM t WHERE a IS NOT NULL) WHERE rn <= 3;
