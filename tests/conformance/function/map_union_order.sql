CREATE TABLE ev (
  id INT,
  v INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/map_union_order.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, d STRING, e ARRAY<STRING>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, CAST(MAP['name', v, 'city', 2, 'zip', 3] AS STRING), MAP_KEYS(MAP_UNION(m, MAP['zz', 1, 'a', 9])) FROM ev;
