CREATE TABLE m1 (
  p INT, id INT, s STRING, v INT, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '3' SECOND
) WITH (
  'connector' = 'filesystem',
  'path' = 'match/sum_define.jsonl',
  'format' = 'json'
);
CREATE TABLE `result` (
  `p` INT,
  `a` INT,
  `b` INT,
  `sa` INT,
  `ca` BIGINT,
  `n` BIGINT
) WITH (
  'connector' = 'print'
);
INSERT INTO `result`
SELECT * FROM m1 MATCH_RECOGNIZE (PARTITION BY p ORDER BY ts MEASURES FIRST(A.id) AS a, B.id AS b, SUM(A.v) AS sa, COUNT(A.v) AS ca, COUNT(*) AS n ONE ROW PER MATCH AFTER MATCH SKIP PAST LAST ROW PATTERN (A+ B) DEFINE A AS SUM(A.v) < 12, B AS SUM(A.v) + COALESCE(B.v, 0) >= 12);
