CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), e TIMESTAMP(3)
) WITH ('connector'='filesystem','path'='agg/json_objectagg2.jsonl','format'='json');
CREATE TABLE `result` (x STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT JSON_OBJECTAGG(KEY CAST(id AS STRING) VALUE JSON_OBJECT('a' VALUE v)) FROM ev WHERE id < 12;
