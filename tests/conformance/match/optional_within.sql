CREATE TABLE ev (
  id INT,
  k STRING,
  g INT,
  v INT,
  ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/optional_within.jsonl',
  'format' = 'json'
);

CREATE TABLE `result` (
  k STRING, a INT, b INT, c INT
) WITH (
  'connector' = 'print'
);

INSERT INTO `result`
SELECT * FROM ev MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS a1, O.id AS o1, B.id AS b1 AFTER MATCH SKIP TO NEXT ROW PATTERN (A O? B) WITHIN INTERVAL '6' SECOND DEFINE A AS A.v > 1, O AS O.v IS NULL, B AS B.g <> A.g);
