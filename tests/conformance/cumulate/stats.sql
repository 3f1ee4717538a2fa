CREATE TABLE ev (
  k STRING,
  v INT,
  d DOUBLE,
  f BOOLEAN,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'cumulate/stats.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, we STRING, a DOUBLE, b DOUBLE, c INT, d DOUBLE, e BOOLEAN
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), CAST(window_end AS STRING), ROUND(STDDEV_POP(d), 6), ROUND(VAR_SAMP(d), 6), VAR_POP(v), ROUND(STDDEV_SAMP(d) FILTER (WHERE f), 6), MAX(f) FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end;
