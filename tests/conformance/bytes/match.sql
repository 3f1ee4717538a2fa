CREATE TABLE t (id INT, v BYTES, a INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts) WITH ('connector'='filesystem','path'='bytes/match.jsonl','format'='json');
CREATE TABLE `result` (k BYTES, f INT, l BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT * FROM t MATCH_RECOGNIZE (PARTITION BY v ORDER BY ts MEASURES A.id AS f, B.v AS l ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B) DEFINE A AS A.v = X'ff', B AS B.a > A.a);
