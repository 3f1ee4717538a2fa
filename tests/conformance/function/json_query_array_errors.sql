CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  a ARRAY<INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/json_query_array_errors.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, x ARRAY<STRING>, y ARRAY<STRING>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, JSON_QUERY('oops', '$.a' RETURNING ARRAY<STRING> EMPTY ARRAY ON ERROR), JSON_QUERY('oops', '$.a' RETURNING ARRAY<STRING> NULL ON ERROR) FROM ev;
