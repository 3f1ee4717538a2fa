CREATE TABLE ev (
  id INT,
  p DECIMAL(10, 2),
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'decimal/rounding.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a DECIMAL(20, 4), b DECIMAL(20, 4), c DECIMAL(20, 4), d DECIMAL(20, 4), e STRING, f STRING
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, ROUND(p, 1), TRUNCATE(p, 1), CEIL(p), FLOOR(p), CAST(p AS STRING), CAST(ABS(-p) AS STRING) FROM ev;
