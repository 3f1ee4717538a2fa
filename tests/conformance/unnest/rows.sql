CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/rows.jsonl','format'='json');
CREATE TABLE `result` (a INT, b INT, c STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, x, y FROM ev CROSS JOIN UNNEST(ARRAY[ROW(id, u), ROW(id + 1, p)]) AS t(x, y);
