CREATE TABLE ev (
  id INT,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'subquery/not_in_nothing.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  id INT,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'subquery/not_in_nothing.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  i INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id FROM ev WHERE v NOT IN (SELECT v FROM ev2);
