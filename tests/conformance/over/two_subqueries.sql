CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/two_subqueries.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, c, SUM(v) OVER (PARTITION BY p ORDER BY ts) FROM (SELECT *, COUNT(*) OVER (PARTITION BY u ORDER BY ts) AS c FROM ev);
