CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/skip_to_first_of_loop.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, a INT, b INT, c INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES FIRST(A.id) AS a1, LAST(A.id) AS a2, B.id AS b1 AFTER MATCH SKIP TO FIRST B PATTERN (A+? B{2}) DEFINE A AS A.g >= 1, B AS B.v IS NULL OR B.v > 0);
