CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/row_number.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ROW_NUMBER() OVER (PARTITION BY u ORDER BY ts) FROM ev;
