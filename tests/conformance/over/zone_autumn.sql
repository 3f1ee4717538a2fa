SET 'table.local-time-zone' = 'America/New_York';

CREATE TABLE ev (
  id INT,
  k STRING,
  lz TIMESTAMP_LTZ(3),
  WATERMARK FOR lz AS lz - INTERVAL '5' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'over/zone_autumn.jsonl',
  'format' = 'json',
  'json.timestamp-format.standard' = 'SQL'
);

CREATE TABLE `result` (
  id INT, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, COUNT(*) OVER (PARTITION BY k ORDER BY lz RANGE BETWEEN INTERVAL '1' HOUR PRECEDING AND CURRENT ROW) FROM ev;
