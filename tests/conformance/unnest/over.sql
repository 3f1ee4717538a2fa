CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/over.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, x, COUNT(*) OVER (PARTITION BY x ORDER BY ts) FROM ev CROSS JOIN UNNEST(ARRAY[u, p]) AS t(x);
