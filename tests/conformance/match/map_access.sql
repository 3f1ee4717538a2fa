CREATE TABLE ev (
  id INT,
  k STRING,
  v INT,
  ts TIMESTAMP(3),
  m MAP<STRING, INT>,
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/map_access.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, x INT, z INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS x, B.m['a'] AS z PATTERN (A B) DEFINE A AS A.v > 0, B AS B.m['a'] > 0 AND B.v >= A.v) AS t;
