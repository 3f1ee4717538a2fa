CREATE TABLE ev (
  id INT,
  b BIGINT,
  ts TIMESTAMP(3),
  a ARRAY<INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/json_query_array.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, x ARRAY<STRING>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, JSON_QUERY('{"a":["x","y",3,null],"o":{"b":1},"n":5}', '$.a' RETURNING ARRAY<STRING>) FROM ev;
