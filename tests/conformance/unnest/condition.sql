CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='unnest/condition.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, x FROM ev JOIN UNNEST(SPLIT(s, ',')) AS t(x) ON x <> 'b';
