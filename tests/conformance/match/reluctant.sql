CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='match/reluctant.jsonl','format'='json');
CREATE TABLE `result` (u STRING, a INT, b INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT id,u,p,v,d,s,ts FROM ev) MATCH_RECOGNIZE (PARTITION BY u ORDER BY ts MEASURES A.id AS a, C.id AS b ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B*? C)  DEFINE A AS A.v > 0, B AS B.v < 50, C AS C.d > 0) AS m;
