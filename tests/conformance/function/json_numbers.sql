CREATE TABLE t (
  id INT, j STRING, k STRING
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/json_numbers.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 DOUBLE, c6 STRING, c7 STRING, c8 STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id,
  JSON_VALUE(j, '$.f'),
  JSON_VALUE(j, '$.e'),
  JSON_VALUE(j, '$.neg'),
  JSON_VALUE(j, '$.big'),
  JSON_VALUE(j, '$.f' RETURNING DOUBLE),
  JSON_VALUE(j, '$.u'),
  JSON_VALUE(j, '$["a b"]'),
  JSON_QUERY(j, 'lax $.a' WITH WRAPPER)
FROM t;
