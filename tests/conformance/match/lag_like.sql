CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='match/lag_like.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a BIGINT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT id,u,p,v,d,s,ts FROM ev) MATCH_RECOGNIZE (PARTITION BY u ORDER BY ts MEASURES FIRST(A.v) AS a, LAST(A.v) AS b ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A{3})  DEFINE A AS A.v IS NOT NULL AND (LAST(A.v, 1) IS NULL OR A.v > LAST(A.v, 1))) AS m;
