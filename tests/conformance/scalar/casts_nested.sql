CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'scalar/casts_nested.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a ARRAY<BIGINT>, b MAP<STRING, STRING>, c ROW<q STRING, w STRING, e ARRAY<STRING>>, d ARRAY<STRING>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, CAST(a AS ARRAY<BIGINT>), CAST(m AS MAP<STRING, STRING>), CAST(r AS ROW<q STRING, w STRING, e ARRAY<STRING>>), CAST(a AS ARRAY<STRING>) FROM ev;
