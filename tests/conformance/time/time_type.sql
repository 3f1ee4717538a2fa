CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/time_type.jsonl','format'='json');
CREATE TABLE `result` (id INT, a TIME(0), b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, TIME '10:20:30', CAST(TIME '01:02:03' AS STRING), EXTRACT(HOUR FROM ts) FROM ev;
