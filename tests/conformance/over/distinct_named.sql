CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/distinct_named.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, COUNT(DISTINCT v) OVER w, SUM(DISTINCT v) OVER w FROM ev WINDOW w AS (ORDER BY ts);
