CREATE TABLE ev (
  k STRING,
  g INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS CASE WHEN g = 1 THEN ts - INTERVAL '5' SECOND ELSE ts END
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/watermark_case.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), COUNT(*) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end;
