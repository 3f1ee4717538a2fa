CREATE TABLE ev (
  id INT,
  k STRING,
  v INT,
  ts TIMESTAMP(3),
  a ARRAY<INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/array_access.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, x INT, z INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS x, B.a[1] AS z PATTERN (A B) DEFINE A AS A.v > 0, B AS CARDINALITY(B.a) > 0) AS t;
