CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/is_json.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 BOOLEAN, c1 BOOLEAN, c2 BOOLEAN, c3 BOOLEAN, c4 BOOLEAN, c5 BOOLEAN, c6 BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, s IS JSON, '{}' IS JSON OBJECT, '[]' IS JSON ARRAY, '1' IS JSON SCALAR, s IS NOT JSON, '[1]' IS JSON OBJECT, ' {"a": 1} ' IS JSON VALUE FROM ev;
