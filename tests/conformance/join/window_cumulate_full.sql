CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_cumulate_full.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  k STRING,
  g INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_cumulate_full.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, i INT, j INT, ws STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT COALESCE(l.k, r.k), l.id, r.id, CAST(COALESCE(l.window_start, r.window_start) AS STRING) FROM (SELECT * FROM TABLE(CUMULATE(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND))) l FULL JOIN (SELECT * FROM TABLE(CUMULATE(TABLE ev2, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '20' SECOND))) r ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end AND l.g <= r.g;
