CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/dates.jsonl','format'='json');
CREATE TABLE `result` (id INT, a DATE, b TIME(0), c STRING, e STRING, f DATE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CAST(ts AS DATE), CAST(ts AS TIME(0)), CAST(CAST(ts AS DATE) AS STRING), CAST(CAST(ts AS TIME) AS STRING), CAST(ts AS DATE) + INTERVAL '1' DAY FROM ev;
