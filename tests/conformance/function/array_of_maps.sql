CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/array_of_maps.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a ARRAY<MAP<STRING, INT>>, b INT, c ARRAY<MAP<STRING, INT>>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, ARRAY_REMOVE(ARRAY[m, MAP['q', 1]], MAP['c', 4, 'b', 3]), ARRAY_POSITION(ARRAY[MAP['q', 1], m], MAP['c', 4, 'b', 3]), ARRAY_DISTINCT(ARRAY[m, MAP['c', 4, 'b', 3], MAP['b', 3, 'c', 4]]) FROM ev;
