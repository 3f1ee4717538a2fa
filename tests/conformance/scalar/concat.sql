CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/concat.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, s || '-' || p, CONCAT(s, CAST(v AS STRING)) FROM ev;
