CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='match/min_last.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT id,u,p,v,d,s,ts FROM ev) MATCH_RECOGNIZE (PARTITION BY u ORDER BY ts MEASURES MIN(A.v) AS a, LAST(A.v, 1) AS b ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A+ B)  DEFINE A AS LAST(A.v, 1) IS NULL OR A.v >= LAST(A.v, 1), B AS B.v < LAST(A.v)) AS m;
