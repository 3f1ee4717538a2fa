CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/join_aggregate.jsonl','format'='json');
CREATE TABLE `result` (k STRING, s DECIMAL(38,2), n BIGINT) WITH ('connector'='print');
INSERT INTO `result` SELECT x.k, SUM(x.a), COUNT(*) FROM t x JOIN (SELECT k, MAX(a) AS m FROM t GROUP BY k) y ON x.k = y.k AND x.a < y.m GROUP BY x.k;
