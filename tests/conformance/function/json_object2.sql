CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/json_object2.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, JSON_OBJECT(KEY 'a' VALUE s), JSON_OBJECT('a' VALUE s ABSENT ON NULL), JSON_OBJECT(), JSON_OBJECT('a' VALUE s, 'b' VALUE v NULL ON NULL), JSON_OBJECT('a' VALUE v, 'b' VALUE u ABSENT ON NULL) FROM ev;
