SET 'table.local-time-zone' = 'America/New_York';

CREATE TABLE ev (
  lz TIMESTAMP_LTZ(3),
  WATERMARK FOR lz AS lz - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'cumulate/zone_spring.jsonl',
  'format' = 'json',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TABLE `result` (
  ws STRING, we STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT CAST(window_start AS STRING), CAST(window_end AS STRING), COUNT(*) FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(lz), INTERVAL '30' MINUTE, INTERVAL '2' HOUR)) GROUP BY window_start, window_end;
