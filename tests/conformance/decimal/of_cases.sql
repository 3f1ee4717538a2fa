CREATE TABLE ev (
  id INT,
  v INT,
  b BIGINT,
  d DOUBLE,
  p DECIMAL(10, 2),
  f BOOLEAN,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'decimal/of_cases.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a DECIMAL(12, 2), b DECIMAL(14, 2), c STRING, d DOUBLE
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, CASE WHEN f THEN p ELSE v END, COALESCE(p, b), TYPEOF(CASE WHEN f THEN p ELSE 1.2345 END), COALESCE(d, p) FROM ev;
