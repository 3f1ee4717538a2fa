CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='values/plain.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
VALUES (1, 'a'), (2, 'b'), (3, 'c');
