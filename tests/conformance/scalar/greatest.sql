CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/greatest.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b STRING, c DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, GREATEST(v, 2, CAST(id AS BIGINT)), LEAST(s, p), GREATEST(d, CAST(1.5 AS DOUBLE)) FROM ev;
