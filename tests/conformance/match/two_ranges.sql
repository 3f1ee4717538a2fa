CREATE TABLE m4 (
  p INT, id INT, s STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/two_ranges.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `p` INT,
  `a` INT,
  `na` BIGINT,
  `nb` BIGINT,
  `c1` INT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT * FROM m4 MATCH_RECOGNIZE (PARTITION BY p ORDER BY ts MEASURES FIRST(A.id) AS a, COUNT(A.id) AS na, COUNT(B.id) AS nb, C.id AS c1 ONE ROW PER MATCH  PATTERN (A{1,2} B{1,2} C) DEFINE A AS A.s LIKE '%a%', B AS B.s LIKE '%b%', C AS C.s LIKE '%c%');
