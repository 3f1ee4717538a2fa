CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/shorthand.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b BIGINT, c BIGINT, e BIGINT, f BIGINT, g BIGINT, h BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, YEAR(ts), MONTH(ts), DAYOFMONTH(ts), HOUR(ts), MINUTE(ts), SECOND(ts), DAYOFYEAR(ts) FROM ev;
