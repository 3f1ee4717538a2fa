CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='agg/of_changes.jsonl','format'='json');
CREATE TABLE `result` (`n` BIGINT, `m` BIGINT, `a` BIGINT, `b` BIGINT, `e` BIGINT, `f` BIGINT, `g` BIGINT, `h` VARCHAR(2147483647)) WITH ('connector'='print');
INSERT INTO `result`
SELECT n, COUNT(*) m, MIN(mv) a, MAX(mv) b, SUM(mv) e, AVG(mv) f, COUNT(DISTINCT mv) g, LISTAGG(kk) h FROM (SELECT k, COALESCE(k,'-') kk, COUNT(*) n, MAX(v) mv FROM ev GROUP BY k) GROUP BY n;
