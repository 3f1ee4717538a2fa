CREATE TABLE ev (
  id INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'function/map_order_of_records.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a ARRAY<STRING>, b ARRAY<INT>, c ARRAY<ROW<k STRING, v INT>>, d STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, MAP_KEYS(m), MAP_VALUES(m), MAP_ENTRIES(m), CAST(m AS STRING) FROM ev;
