CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/nested_group.jsonl','format'='json');
CREATE TABLE `result` (a BIGINT, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT CARDINALITY(SPLIT(s, ',')), COUNT(*) FROM ev GROUP BY CARDINALITY(SPLIT(s, ','));
