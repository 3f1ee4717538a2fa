CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/updating.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, x, n FROM (SELECT u, COUNT(*) AS n, MAX(s) AS m FROM ev GROUP BY u) CROSS JOIN UNNEST(SPLIT(m, ',')) AS t(x);
