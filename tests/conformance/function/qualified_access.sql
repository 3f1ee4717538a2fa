CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  ra ARRAY<ROW<x INT, y STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/qualified_access.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a INT, b INT, c STRING, d STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT e.id, e.m['a'], e.a[1], e.ra[1].y, e.r.z[1] FROM ev AS e;
