CREATE TABLE ev (
  id INT,
  b BIGINT,
  ts TIMESTAMP(3),
  a ARRAY<INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/json_query_array_nested.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, x ARRAY<STRING>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, JSON_QUERY('{"a":[{"b":1},[2],true,1.50]}', '$.a' RETURNING ARRAY<STRING>) FROM ev;
