CREATE TABLE ev (
  k STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/session_of_tumble.jsonl',
  'format' = 'json'
);

CREATE VIEW h AS SELECT k, window_time AS wt, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND)) GROUP BY k, window_start, window_end, window_time;

CREATE TABLE `result` (
  k STRING, ws STRING, we STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), CAST(window_end AS STRING), COUNT(*) FROM TABLE(SESSION(TABLE h PARTITION BY k, DESCRIPTOR(wt), INTERVAL '6' SECOND)) GROUP BY k, window_start, window_end;
