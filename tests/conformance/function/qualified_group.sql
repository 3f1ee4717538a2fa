CREATE TABLE ev (
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  ra ARRAY<ROW<x INT, y STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/qualified_group.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  a INT, n BIGINT, mx STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT e.m['a'], COUNT(*), MAX(e.ra[1].y) FROM ev AS e WHERE e.r.x > 0 OR e.a[1] > 0 GROUP BY e.m['a'];
