CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/interval_map.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/interval_map.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  i INT, j INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT l.id, r.id FROM ev l JOIN ev2 r ON l.m['a'] = r.a[1] AND r.ts BETWEEN l.ts - INTERVAL '5' SECOND AND l.ts + INTERVAL '5' SECOND;
