CREATE TABLE ev (
  id INT,
  k STRING,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_hop_semi.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  k STRING,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/window_hop_semi.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, i INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, id FROM (SELECT * FROM TABLE(HOP(TABLE ev, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND))) l WHERE k IN (SELECT k FROM (SELECT * FROM TABLE(HOP(TABLE ev2, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '15' SECOND))) r WHERE l.window_start = r.window_start AND l.window_end = r.window_end);
