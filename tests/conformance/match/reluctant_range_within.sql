CREATE TABLE m4 (
  p INT, id INT, s STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/reluctant_range_within.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `p` INT,
  `a` INT,
  `na` BIGINT,
  `nb` BIGINT,
  `b1` INT,
  `b2` INT,
  `c1` INT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT * FROM m4 MATCH_RECOGNIZE (PARTITION BY p ORDER BY ts MEASURES FIRST(A.id) AS a, COUNT(A.id) AS na, COUNT(B.id) AS nb, FIRST(B.id) AS b1, LAST(B.id) AS b2, C.id AS c1 ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (A B{0,3}? C) WITHIN INTERVAL '4' SECOND DEFINE A AS A.s LIKE '%a%', B AS B.s LIKE '%b%', C AS C.s LIKE '%c%');
