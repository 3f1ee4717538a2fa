CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='agg/filter_of_changes.jsonl','format'='json');
CREATE TABLE `result` (`a` BIGINT, `b` BIGINT, `e` BIGINT, `f` DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT SUM(n) FILTER (WHERE mv > 5) a, COUNT(*) FILTER (WHERE n > 3) b, COUNT(DISTINCT n) e, MAX(d) FILTER (WHERE n < 12) f FROM (SELECT k, COUNT(*) n, MAX(v) mv, AVG(d) d FROM ev GROUP BY k);
