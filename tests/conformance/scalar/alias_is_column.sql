CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'scalar/alias_is_column.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  i INT, j STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT r.id, r.r.y FROM ev AS r WHERE r.r.x = 7;
