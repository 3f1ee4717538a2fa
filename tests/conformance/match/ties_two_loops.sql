CREATE TABLE m (
  id INT, k STRING, v INT, typ STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='match/ties_two_loops.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `fa` INT, `la` INT, `lb` INT, `nb` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM m MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES FIRST(A.id) AS fa, LAST(A.id) AS la, LAST(B.id) AS lb, COUNT(B.id) AS nb ONE ROW PER MATCH AFTER MATCH SKIP TO NEXT ROW PATTERN (A+? B+ C) DEFINE A AS A.typ = 'A', B AS B.typ <> 'C', C AS C.typ = 'C' OR C.v > 3) AS mr;
