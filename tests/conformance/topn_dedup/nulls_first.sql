CREATE TABLE ev (
  id INT,
  k STRING,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'topn_dedup/nulls_first.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, v INT, rn BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT k, v, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY v DESC NULLS FIRST, id) AS rn FROM ev) WHERE rn <= 3;
