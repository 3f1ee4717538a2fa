CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/json_nested.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING, c7 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, JSON_OBJECT('t' VALUE ts), JSON_OBJECT('x' VALUE ARRAY[v, 2]), JSON_OBJECT('m' VALUE MAP['a', s]), JSON_STRING(ARRAY[s, u]), JSON_STRING(MAP['k', d]), JSON_STRING(ARRAY[ok]), JSON_STRING(ts), JSON_STRING(d) FROM ev;
