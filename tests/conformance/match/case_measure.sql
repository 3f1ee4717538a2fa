CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='match/case_measure.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a STRING, b DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT id,u,p,v,d,s,ts FROM ev) MATCH_RECOGNIZE (PARTITION BY u ORDER BY ts MEASURES CASE WHEN A.v > 1 THEN A.s ELSE B.s END AS a, A.d + COALESCE(B.d, 0) AS b ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B)  DEFINE B AS B.v IS NOT NULL AND (A.v IS NULL OR B.v > A.v)) AS m;
