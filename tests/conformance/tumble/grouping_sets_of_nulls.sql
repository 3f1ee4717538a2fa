CREATE TABLE ev (
  k STRING,
  f BOOLEAN,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'tumble/grouping_sets_of_nulls.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, f BOOLEAN, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, f, COUNT(*) FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end, GROUPING SETS ((k), (f), ());
