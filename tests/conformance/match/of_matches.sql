CREATE TABLE m1 (
  p INT, id INT, s STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/of_matches.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `p` INT,
  `ab` INT,
  `bb` INT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT * FROM (SELECT p, b, d, rt FROM m1 MATCH_RECOGNIZE (PARTITION BY p ORDER BY ts MEASURES B.id AS b, B.v - A.v AS d, MATCH_ROWTIME() AS rt PATTERN (A B) DEFINE B AS B.v > A.v)) MATCH_RECOGNIZE (PARTITION BY p ORDER BY rt MEASURES A.b AS ab, B.b AS bb PATTERN (A B) DEFINE B AS B.d > A.d);
