CREATE TABLE ev (
  k STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'topn_dedup/limit_of_windows.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, COUNT(*) AS n FROM TABLE(TUMBLE(TABLE ev, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY k, window_start, window_end ORDER BY n DESC, k DESC, window_start LIMIT 3;
