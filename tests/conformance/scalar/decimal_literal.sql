CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/decimal_literal.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DOUBLE, b STRING, c BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v * 1.5, CAST(v + 0.25 AS STRING), d > 1.2 FROM ev;
