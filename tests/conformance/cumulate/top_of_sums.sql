CREATE TABLE ev (
  k STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'cumulate/top_of_sums.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  ws STRING, we STRING, k STRING, n BIGINT, rn BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT CAST(window_start AS STRING), CAST(window_end AS STRING), k, n, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY window_start, window_end ORDER BY n DESC, k) AS rn FROM (SELECT k, window_start, window_end, COUNT(*) AS n FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND)) GROUP BY k, window_start, window_end)) WHERE rn <= 2;
