CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  v INT,
  f BOOLEAN,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'subquery/in_or_in_rows.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  k STRING,
  g INT,
  v INT,
  f BOOLEAN,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'subquery/in_or_in_rows.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id FROM ev WHERE (k, g) IN (('a', 1), ('b', 2)) OR v IN (SELECT g FROM ev2 WHERE f);
