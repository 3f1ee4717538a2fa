CREATE TABLE ev (
  id INT,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'topn_dedup/limit_zero.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id FROM ev ORDER BY v LIMIT 0;
