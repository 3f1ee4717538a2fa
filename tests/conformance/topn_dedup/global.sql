CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/global.jsonl','format'='json');
CREATE TABLE `result` (v BIGINT, s STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT v, s FROM ev ORDER BY v DESC LIMIT 3;
