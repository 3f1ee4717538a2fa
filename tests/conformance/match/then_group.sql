CREATE TABLE m (
  id INT, k STRING, v INT, typ STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='match/then_group.jsonl','format'='json');
CREATE TABLE `result` (`nb` BIGINT, `n` BIGINT, `mi` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT nb, COUNT(*) n, MIN(la) mi FROM m MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES LAST(A.id) AS la, COUNT(B.id) AS nb AFTER MATCH SKIP PAST LAST ROW PATTERN (A B* C) DEFINE A AS A.typ='A', B AS B.typ='B', C AS C.typ <> 'B') GROUP BY nb;
