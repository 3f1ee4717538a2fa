CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='subquery/having_most.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `EXPR$1` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, SUM(v) FROM l0 GROUP BY k HAVING SUM(v) = (SELECT MAX(s) FROM (SELECT SUM(v) s FROM l0 GROUP BY k));
