CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='over/range_short_form.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `c1` BIGINT, `c2` BIGINT, `c3` BIGINT, `c4` BIGINT, `c5` BIGINT, `c6` DOUBLE, `c7` DECIMAL(38, 2), `c8` VARCHAR(2147483647), `c9` BIGINT, `c10` VARCHAR(2147483647), `c11` BIGINT, `c12` DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, COUNT(*) OVER w c1, COUNT(v) OVER w c2, SUM(v) OVER w c3, AVG(v) OVER w c4, MIN(v) OVER w c5, MAX(d) OVER w c6, SUM(c) OVER w c7, MIN(s) OVER w c8, FIRST_VALUE(v) OVER w c9, LAST_VALUE(s) OVER w c10, COUNT(DISTINCT v) OVER w c11, AVG(d) OVER w c12 FROM ev WINDOW w AS (PARTITION BY k ORDER BY ts RANGE INTERVAL '2' SECOND PRECEDING);
