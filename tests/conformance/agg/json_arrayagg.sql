CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/json_arrayagg.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b STRING, c STRING, d STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, JSON_ARRAYAGG(s), JSON_ARRAYAGG(v NULL ON NULL), JSON_ARRAYAGG(p ABSENT ON NULL) FROM ev GROUP BY u;
