CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/grouped.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x, SUM(v) FROM ev CROSS JOIN UNNEST(ARRAY[u, p]) AS t(x) GROUP BY x;
