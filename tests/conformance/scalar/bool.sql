CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/bool.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN, e BOOLEAN, f BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ok IS TRUE, ok IS NOT FALSE, ok IS UNKNOWN, v IS DISTINCT FROM 1, NOT ok FROM ev;
