CREATE TABLE ev (
  k STRING,
  g INT,
  v INT,
  d DOUBLE,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/aggregates_of_expressions.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, a INT, b DOUBLE, c BIGINT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES SUM(A.g * 2) AS x, AVG(A.d + 1) AS y, COUNT(A.v) + COUNT(B.v) AS z AFTER MATCH SKIP TO LAST A PATTERN (C A+ B) DEFINE A AS A.g < 3, B AS B.g = 3 OR SUM(A.g) > 4);
