CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/nested_equal.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 BOOLEAN, c1 BOOLEAN, c2 BOOLEAN, c3 BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ROW(id, v) = ROW(1, CAST(10 AS BIGINT)), ARRAY[v] = ARRAY[10], ARRAY[u, s] = ARRAY['a', 'foo'], ARRAY[1, 2] = ARRAY[2, 1] FROM ev;
