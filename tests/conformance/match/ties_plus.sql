CREATE TABLE m0 (
  id INT, k STRING, v INT, typ STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='match/ties_plus.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `fa` INT, `la` INT, `na` BIGINT, `fb` INT, `lb` INT, `nb` BIGINT, `fc` INT, `lc` INT, `nc` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM m0 MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES FIRST(A.id) AS fa, LAST(A.id) AS la, COUNT(A.id) AS na, FIRST(B.id) AS fb, LAST(B.id) AS lb, COUNT(B.id) AS nb, FIRST(C.id) AS fc, LAST(C.id) AS lc, COUNT(C.id) AS nc AFTER MATCH SKIP TO NEXT ROW PATTERN (A+? B+ C) DEFINE A AS A.typ = 'A', B AS B.typ <> 'C', C AS C.typ = 'C' OR C.v > 3) AS z;
