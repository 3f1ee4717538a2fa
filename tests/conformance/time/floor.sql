CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/floor.jsonl','format'='json');
CREATE TABLE `result` (id INT, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), e TIMESTAMP(3), f TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, FLOOR(ts TO HOUR), CEIL(ts TO MINUTE), FLOOR(ts TO MONTH), CEIL(ts TO DAY), FLOOR(ts TO WEEK) FROM ev;
