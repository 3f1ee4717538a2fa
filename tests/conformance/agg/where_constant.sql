CREATE TABLE ev (
  k STRING,
  b BIGINT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'agg/where_constant.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  n BIGINT, m BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT COUNT(*), SUM(b) FROM ev WHERE 1 = 1 AND (k = 'a' OR k <> 'a' OR FALSE);
