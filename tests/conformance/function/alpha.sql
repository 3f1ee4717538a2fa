CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/alpha.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 BOOLEAN, c1 BOOLEAN, c2 BOOLEAN, c3 BOOLEAN, c4 BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, IS_ALPHA(s), IS_DIGIT(s), IS_DIGIT('123'), IS_ALPHA('ab1'), IS_ALPHA('') FROM ev;
