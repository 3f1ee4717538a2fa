CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/bits.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v - -3 * 2 + v / 2, CAST(-v AS STRING) FROM ev;
