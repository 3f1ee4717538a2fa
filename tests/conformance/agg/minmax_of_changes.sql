CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='agg/minmax_of_changes.jsonl','format'='json');
CREATE TABLE `result` (`ok` BOOLEAN, `a` VARCHAR(2147483647), `b` VARCHAR(2147483647), `e` DECIMAL(10, 2), `f` DOUBLE, `g` TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT ok, MIN(s) a, MAX(s) b, MIN(c) e, MAX(d) f, MIN(ts) g FROM (SELECT id % 7 i, LAST_VALUE(ok) ok, LAST_VALUE(s) s, MAX(c) c, SUM(d) d, MAX(ts) ts FROM ev GROUP BY id % 7) GROUP BY ok;
