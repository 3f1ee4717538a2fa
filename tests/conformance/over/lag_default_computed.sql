CREATE TABLE ev (
  id INT,
  k STRING,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'over/lag_default_computed.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, x INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, LAG(v, 2, id * 10) OVER (PARTITION BY k ORDER BY ts) FROM ev;
