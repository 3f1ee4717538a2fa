CREATE TABLE ev (
  k STRING,
  g INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS IF(g = 1, CAST(NULL AS TIMESTAMP(3)), ts)
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/watermark_null.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), COUNT(*) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end;
