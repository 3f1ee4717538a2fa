CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/map.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, k, val FROM ev CROSS JOIN UNNEST(MAP['v', v, 'w', v * 2]) AS t(k, val);
