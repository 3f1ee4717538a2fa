CREATE TABLE ev (
  k STRING,
  d DOUBLE,
  s STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'cumulate/global_offset.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  we STRING, n BIGINT, a DOUBLE, b STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT CAST(window_end AS STRING), COUNT(DISTINCT k), AVG(d), MIN(s) FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '4' SECOND, INTERVAL '12' SECOND, INTERVAL '2' SECOND)) GROUP BY window_start, window_end;
