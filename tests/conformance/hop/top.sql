CREATE TABLE ev (
  id INT,
  k STRING,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'hop/top.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, ws STRING, we STRING, id INT, v INT, rn BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, CAST(window_start AS STRING), CAST(window_end AS STRING), id, v, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, window_start, window_end ORDER BY v DESC, id) AS rn FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND))) WHERE rn <= 2;
