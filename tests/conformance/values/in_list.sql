CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/in_list.jsonl','format'='json');
CREATE TABLE `result` (a INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id FROM ev WHERE u IN (SELECT k FROM (VALUES ('a'), ('d')) AS t(k));
