CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/ltz.jsonl','format'='json');
CREATE TABLE `result` (id INT, a TIMESTAMP_LTZ(3), b STRING, c TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, TO_TIMESTAMP_LTZ(1760000000000 + v, 3), DATE_FORMAT(TO_TIMESTAMP_LTZ(1760000000 + v, 0), 'yyyy-MM-dd HH:mm:ss'), CAST(TO_TIMESTAMP_LTZ(1760000000123, 3) AS TIMESTAMP(3)) FROM ev;
