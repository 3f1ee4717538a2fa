CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/ordinality_map.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c BIGINT, d INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, k, w, n FROM ev CROSS JOIN UNNEST(MAP['v', v, 'id', id]) WITH ORDINALITY AS t(k, w, n);
