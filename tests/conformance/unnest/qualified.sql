CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  ra ARRAY<ROW<x INT, y STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'unnest/qualified.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, x INT, y STRING, q INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT e.id, t.x, t.y, e.m['a'] FROM ev e CROSS JOIN UNNEST(e.ra) AS t (x, y);
