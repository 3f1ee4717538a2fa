CREATE TABLE ev (
  k STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '1' SECOND - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/watermark_two_intervals.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), COUNT(*) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end;
