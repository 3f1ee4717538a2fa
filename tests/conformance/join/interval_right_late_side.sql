CREATE TABLE ev (
  id INT,
  k STRING,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'join/interval_right_late_side.jsonl',
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
  'path' = 'join/interval_right_late_side.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  i INT, j INT, t STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT l.id, r.id, CAST(COALESCE(l.ts, r.ts) AS STRING) FROM ev l RIGHT JOIN ev2 r ON l.k = r.k AND l.ts BETWEEN r.ts - INTERVAL '2' SECOND AND r.ts + INTERVAL '3' SECOND;
