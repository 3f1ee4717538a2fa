CREATE TABLE ev (
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'pipeline/first_rows_then_window.jsonl',
  'format' = 'json'
);

CREATE VIEW f1 AS SELECT k, g, ts FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, v ORDER BY ts ASC) AS rn FROM ev) WHERE rn = 1;

CREATE TABLE `result` (
  ws STRING, n BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT CAST(window_start AS STRING), COUNT(*) FROM TABLE(TUMBLE(TABLE f1, DESCRIPTOR(ts), INTERVAL '10' SECOND)) GROUP BY window_start, window_end;
