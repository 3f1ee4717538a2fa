CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/nested_where.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, u FROM ev WHERE ARRAY_CONTAINS(SPLIT(s, ','), 'b') OR s SIMILAR TO '(foo|baz)';
