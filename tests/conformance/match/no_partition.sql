CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='match/no_partition.jsonl','format'='json');
CREATE TABLE `result` (a INT, b INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM ev MATCH_RECOGNIZE (ORDER BY ts MEASURES A.id AS a, B.id AS b ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (A B) DEFINE A AS A.p = '/x', B AS B.p = '/y' AND B.v > A.v) AS m;
