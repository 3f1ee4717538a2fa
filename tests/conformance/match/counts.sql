CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='match/counts.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT id,u,p,v,d,s,ts FROM ev) MATCH_RECOGNIZE (PARTITION BY u ORDER BY ts MEASURES COUNT(A.v) AS a, SUM(A.v) AS b, MAX(B.v) AS c ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A{2,4} B)  DEFINE A AS A.v <= 3, B AS B.v > 3) AS m;
