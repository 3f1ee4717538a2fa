CREATE TABLE ev (
  id INT,
  k STRING,
  v INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_session_top.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  k STRING,
  v INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_session_top.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, i INT, j INT, we STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT l.k, l.id, r.id, CAST(l.window_end AS STRING) FROM (SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, window_start, window_end ORDER BY v DESC, id) AS rn FROM TABLE(SESSION(TABLE ev PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND))) WHERE rn = 1) l LEFT JOIN (SELECT * FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k, window_start, window_end ORDER BY v, id) AS rn FROM TABLE(SESSION(TABLE ev2 PARTITION BY k, DESCRIPTOR(ts), INTERVAL '4' SECOND))) WHERE rn = 1) r ON l.k = r.k AND l.window_start = r.window_start AND l.window_end = r.window_end;
