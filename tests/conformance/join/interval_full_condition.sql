CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/interval_full_condition.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/interval_full_condition.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  i INT, j INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT l.id, r.id FROM ev l FULL JOIN ev2 r ON l.k = r.k AND l.g = r.g AND r.ts > l.ts - INTERVAL '3' SECOND AND r.ts <= l.ts + INTERVAL '1' SECOND AND l.v > r.v;
