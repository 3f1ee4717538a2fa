CREATE TABLE o2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/exists_and_or.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/exists_and_or.2.jsonl','format'='json');
CREATE TABLE `result` (`j17` BOOLEAN, `j18` INT, `j19` TIMESTAMP(3), `j20` TIMESTAMP(3), `j21` DOUBLE, `j22` BIGINT, `j23` VARCHAR(2147483647)) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT ok AS j17, id AS j18, ws5 AS j19, we6 AS j20, a1 AS j21, a3 AS j22, a4 AS j23 FROM (SELECT ok, id, ws5, we6, a1, a3, a4 FROM (SELECT ok, id, window_start AS ws5, window_end AS we6, MIN(d) AS a1, COUNT(ts) FILTER (WHERE (s LIKE '%a%') AND (d <= 10)) AS a2, COUNT(g) FILTER (WHERE (c <= 10)) AS a3, MAX(s) AS a4 FROM TABLE(CUMULATE(TABLE o2, DESCRIPTOR(ts), INTERVAL '5' SECOND, INTERVAL '10' SECOND)) GROUP BY ok, id, window_start, window_end))) AS p WHERE EXISTS (SELECT 1 FROM (SELECT j11 AS j24, j12 AS j25, j13 AS j26, j14 AS j27, j16 AS j28 FROM (SELECT j11, j12, j13, j14, j16 FROM (SELECT * FROM (SELECT id AS j8, k AS j9, g AS j10 FROM (SELECT id, k, g FROM ((SELECT id, k, g FROM o1) EXCEPT ALL (SELECT id, k, g FROM o1)))) AS p LEFT JOIN (SELECT k AS j11, v AS j12, d AS j13, c AS j14, ok AS j15, ts AS j16 FROM (SELECT k, v, d, c, ok, ts FROM o1)) AS q ON p.j9 = q.j11 AND p.j10 < q.j12))) AS q WHERE q.j24 = p.j23) AND (p.j19 IS NOT NULL) OR (p.j17 IS NOT FALSE);
