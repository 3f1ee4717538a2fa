CREATE TABLE t (
  id INT, s STRING, t STRING, n INT
) WITH (
  'connector' = 'filesystem',
  'path' = 'scalar/replace_empty.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, c1 STRING, c2 STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id,
  REGEXP_REPLACE(s, 'a*', 'x'),
  REGEXP_REPLACE(s, '', '-')
FROM t;
