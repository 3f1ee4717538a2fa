CREATE TABLE ev (
  id INT,
  v INT,
  d DOUBLE,
  s STRING,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'over/range_without_partition.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  id INT, a BIGINT, b INT, c DOUBLE
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT id, COUNT(s) OVER w, SUM(DISTINCT v) OVER w, STDDEV_POP(d) OVER w FROM ev WINDOW w AS (ORDER BY ts RANGE BETWEEN INTERVAL '3' SECOND PRECEDING AND CURRENT ROW);
