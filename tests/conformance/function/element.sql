CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/element.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 BIGINT, c1 BIGINT, c2 STRING, c3 BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ELEMENT(ARRAY[v]), CARDINALITY(ARRAY[v,1]), ELEMENT(ARRAY[u]), CARDINALITY(MAP['a', v]) FROM ev;
