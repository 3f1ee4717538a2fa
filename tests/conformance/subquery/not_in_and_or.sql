CREATE TABLE o2 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_and_or.jsonl','format'='json');
CREATE TABLE o1 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/not_in_and_or.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `id` INT) WITH ('connector'='print');
INSERT INTO `result`
(SELECT k, id FROM (SELECT k, id, window_start AS ws2, window_end AS we3, LISTAGG(DISTINCT k) FILTER (WHERE (k IS NULL OR CHAR_LENGTH(k) < 2)) AS a1 FROM TABLE(TUMBLE(TABLE o2, DESCRIPTOR(ts), INTERVAL '6' SECOND, INTERVAL '1' SECOND)) GROUP BY window_start, id, k, window_end HAVING COUNT(*) > 1)) UNION ALL (SELECT j9, j5 FROM (SELECT * FROM (SELECT id AS j5, v AS j6, d AS j7, c AS j8, s AS j9, ts AS j10 FROM (SELECT id, v, d, c, s, ts FROM o1)) AS p WHERE p.j9 NOT IN (SELECT j14 FROM (SELECT g AS j11, v AS j12, c AS j13, s AS j14, ok AS j15, ts AS j16 FROM (SELECT g, v, c, s, ok, ts FROM o1)) AS q) AND (p.j10 IS NOT NULL) OR (p.j6 NOT IN (1, 100))));
