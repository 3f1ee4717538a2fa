CREATE TABLE t (id INT, k STRING, a DECIMAL(10,2), b DECIMAL(20,4), ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '1' SECOND) WITH ('connector'='filesystem','path'='decimal/match_loop.jsonl','format'='json');
CREATE TABLE `result` (k STRING, n BIGINT, s DECIMAL(38,2)) WITH ('connector'='print');
INSERT INTO `result` SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES COUNT(*) AS n, SUM(A.a) AS s ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A+ B) DEFINE A AS A.a > LAST(A.a, 1) + 0.5 OR LAST(A.a,1) IS NULL, B AS B.a <= 2.5);
