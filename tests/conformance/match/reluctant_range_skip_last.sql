CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/reluctant_range_skip_last.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, n BIGINT, f INT, l INT, av DOUBLE
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES COUNT(U.id) AS n, FIRST(U.id) AS f1, LAST(U.id) AS l1, AVG(CAST(U.v AS DOUBLE)) AS av AFTER MATCH SKIP TO LAST U PATTERN (S U{2,4}? E) DEFINE U AS U.v IS NULL OR U.v >= 0, E AS E.v < LAST(U.g, 1) OR E.g = FIRST(U.g));
