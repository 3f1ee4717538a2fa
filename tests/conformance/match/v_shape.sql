CREATE TABLE m (
  id INT, k STRING, v INT, typ STRING, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '2' SECOND
) WITH ('connector'='filesystem','path'='match/v_shape.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `s` INT, `bottom` INT, `e` INT, `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM m MATCH_RECOGNIZE (PARTITION BY k ORDER BY ts MEASURES A.v AS s, LAST(D.v) AS bottom, LAST(U.v) AS e, COUNT(*) AS n AFTER MATCH SKIP TO LAST U PATTERN (A D+ U) DEFINE D AS D.v < LAST(D.v, 1) OR (LAST(D.v, 1) IS NULL AND D.v < A.v), U AS U.v > LAST(D.v)) AS mr;
