CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/json_arrayagg_object.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, JSON_ARRAYAGG(JSON_OBJECT('id' VALUE id, 'v' VALUE v)) FROM ev GROUP BY u;
