CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'subquery/in_map.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'subquery/in_map.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT e.id FROM ev e WHERE e.m['a'] IN (SELECT x.a[1] FROM ev2 x WHERE x.a[1] IS NOT NULL);
