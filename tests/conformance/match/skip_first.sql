CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='match/skip_first.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a INT, b INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT id,u,p,v,d,s,ts FROM ev) MATCH_RECOGNIZE (PARTITION BY u ORDER BY ts MEASURES A.id AS a, LAST(B.id) AS b ONE ROW PER MATCH AFTER MATCH SKIP TO FIRST B PATTERN (A B{2} C)  DEFINE B AS B.v IS NOT NULL, C AS C.v > 0) AS m;
