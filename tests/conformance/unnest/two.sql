CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/two.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, x, y FROM ev CROSS JOIN UNNEST(ARRAY[u, p]) AS t(x) CROSS JOIN UNNEST(ARRAY[id, id * 10]) AS r(y) WHERE x = 'a';
