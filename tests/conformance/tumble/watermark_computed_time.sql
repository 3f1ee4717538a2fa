CREATE TABLE ev (
  k STRING,
  ts TIMESTAMP(3),
  t2 AS ts + INTERVAL '1' SECOND,
  WATERMARK FOR t2 AS ts - INTERVAL '1' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/watermark_computed_time.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), COUNT(*) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(t2), INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end;
