CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='agg/filters.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `a` DOUBLE, `b` VARCHAR(2147483647), `e` VARCHAR(2147483647), `f` BIGINT, `g` BIGINT, `h` DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, AVG(d) FILTER (WHERE v > 0) a, MIN(s) FILTER (WHERE ok) b, LISTAGG(s) FILTER (WHERE s <> '') e, COUNT(DISTINCT v) FILTER (WHERE id > 10) f, FIRST_VALUE(v) FILTER (WHERE v > 2) g, STDDEV_POP(d) FILTER (WHERE id < 20) h FROM ev GROUP BY k;
