CREATE TABLE ev (
  id INT,
  d DOUBLE,
  f BOOLEAN,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  a ARRAY<INT>,
  r ROW<x INT, y STRING, z ARRAY<STRING>>,
  ra ARRAY<ROW<x INT, y STRING>>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/nested_as_text.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a STRING, b STRING, c STRING, d STRING, e STRING, f STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, CAST(m AS STRING), CAST(a AS STRING), CAST(r AS STRING), CAST(ra AS STRING), CAST(f AS STRING), CAST(d AS STRING) FROM ev;
