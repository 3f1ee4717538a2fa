CREATE TABLE m2 (
  p INT, id INT, s STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/unqualified.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `p` INT,
  `a` INT,
  `nb` BIGINT,
  `lv` INT,
  `fv` INT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT * FROM m2 MATCH_RECOGNIZE (PARTITION BY p ORDER BY ts MEASURES A.id AS a, COUNT(B.id) AS nb, LAST(v, 1) AS lv, FIRST(v) AS fv ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A B+ C) DEFINE B AS LAST(v, 1) < v, C AS LAST(v, 1) >= v);
