CREATE TABLE m (
  id INT, k STRING, v INT, typ STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='match/rising.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `a` INT, `b` INT, `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM m MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS a, LAST(B.id) AS b, COUNT(B.id) AS n AFTER MATCH SKIP PAST LAST ROW PATTERN (A B{2,} C) DEFINE B AS LAST(B.v, 1) IS NULL OR B.v >= LAST(B.v, 1), C AS C.v < FIRST(B.v)) AS mr;
