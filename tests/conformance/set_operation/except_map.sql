CREATE TABLE ev (
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'set_operation/except_map.jsonl',
  'format' = 'json'
);

CREATE TABLE ev2 (
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'set_operation/except_map.2.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  m MAP<STRING, INT>
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT m FROM ev EXCEPT SELECT MAP['c', 4, 'b', 3] FROM ev2;
