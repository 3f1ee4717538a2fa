SET 'table.local-time-zone' = 'America/New_York';

CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'time/zone_spring_casts.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a STRING, b STRING, c STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, CAST(CAST(ts AS TIMESTAMP_LTZ(3)) AS STRING), CAST(TO_TIMESTAMP(CAST(ts AS STRING)) AS STRING), FROM_UNIXTIME(UNIX_TIMESTAMP(CAST(ts AS STRING))) FROM ev;
