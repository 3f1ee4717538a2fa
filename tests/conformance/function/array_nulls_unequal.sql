CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  a ARRAY<INT>,
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/array_nulls_unequal.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a BOOLEAN, b BOOLEAN, c BOOLEAN
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, a <> ARRAY[1], r <> ROW(1, 'p', ARRAY['q', 'w']), a = ARRAY[CAST(NULL AS INT), 5] FROM ev;
