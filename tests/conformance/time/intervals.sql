CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/intervals.jsonl','format'='json');
CREATE TABLE `result` (id INT, a TIMESTAMP(3), b TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ts + INTERVAL '1 02:03:04.5' DAY TO SECOND, ts - INTERVAL '1-2' YEAR TO MONTH FROM ev;
