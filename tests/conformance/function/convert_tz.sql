CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/convert_tz.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CONVERT_TZ('1970-01-01 00:00:00', 'UTC', 'America/Los_Angeles'), CONVERT_TZ(s, 'UTC', 'Asia/Shanghai'), CONVERT_TZ('2024-07-01 12:00:00', 'Europe/Berlin', 'UTC'), CONVERT_TZ('2024-03-31 02:30:00', 'Europe/Berlin', 'UTC'), CONVERT_TZ(CAST(ts AS VARCHAR(19)), 'Asia/Kolkata', 'America/New_York') FROM ev;
