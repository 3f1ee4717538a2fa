CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/json_array.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, JSON_ARRAY(id, s, ok, d), JSON_ARRAY(), JSON_ARRAY(s NULL ON NULL), JSON_ARRAY(v, s ABSENT ON NULL), JSON_ARRAY(JSON_ARRAY(1), JSON_OBJECT('a' VALUE s)), JSON_ARRAY(v, s, ts NULL ON NULL) FROM ev;
