SET 'table.local-time-zone' = 'America/New_York';

CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  lz TIMESTAMP_LTZ(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'time/zone_autumn_parts.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a STRING, b BIGINT, c STRING, d STRING, e BIGINT, f STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, CAST(lz AS STRING), EXTRACT(HOUR FROM lz), CAST(FLOOR(lz TO HOUR) AS STRING), DATE_FORMAT(lz, 'yyyy-MM-dd HH:mm:ss'), TIMESTAMPDIFF(HOUR, CAST(TIMESTAMP '2025-01-01 00:00:00' AS TIMESTAMP_LTZ(3)), lz), CAST(lz + INTERVAL '1' HOUR AS STRING) FROM ev;
