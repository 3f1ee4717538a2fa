CREATE TABLE m (
  id INT, k STRING, v INT, typ STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='match/optional_then_loop.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `a` INT, `b` INT, `c` INT, `d` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM m MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.id AS a, B.id AS b, C.id AS c, D.id AS d PATTERN (A B? C+? D) DEFINE A AS A.typ='A', B AS B.typ='B', C AS C.v > 1, D AS D.typ='B' OR D.typ='C') AS mr;
