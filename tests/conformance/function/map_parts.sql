CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/map_parts.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 ARRAY<STRING>, c1 ARRAY<BIGINT>, c2 MAP<STRING,BIGINT>, c3 MAP<STRING,BIGINT>, c4 MAP<STRING,BIGINT>, c5 ARRAY<ROW<k STRING, v BIGINT>>, c6 BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, MAP_KEYS(MAP['b', v, 'a', 1]), MAP_VALUES(MAP['b', v, 'a', 1]), MAP_FROM_ARRAYS(ARRAY['a','b'], ARRAY[v, 2]), MAP_UNION(MAP['a', v], MAP['b', 2, 'a', 9]), MAP_UNION(MAP['a', v], CAST(NULL AS MAP<STRING,BIGINT>)), MAP_ENTRIES(MAP['b', v, 'a', 1]), MAP['a', v, 'b', 3]['a'] FROM ev;
