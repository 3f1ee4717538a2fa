CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/grouped.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT y, SUM(x) FROM (VALUES (1, 'a'), (2, 'b'), (3, 'a')) AS t(x, y) GROUP BY y;
