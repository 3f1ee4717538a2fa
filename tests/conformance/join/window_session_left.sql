CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_session_left.jsonl',
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
  'path' = 'join/window_session_left.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, i INT, j INT, ws STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT COALESCE(l.k, r.k), l.id, r.id, CAST(COALESCE(l.window_start, r.window_start) AS STRING) FROM (SELECT * FROM TABLE(SESSION(TABLE ev PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND))) l LEFT JOIN (SELECT * FROM TABLE(SESSION(TABLE ev2 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND))) r ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end AND l.g <= r.g;
