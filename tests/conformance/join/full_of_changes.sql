CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/full_of_changes.jsonl','format'='json');
CREATE TABLE b (
  id INT, k STRING, w BIGINT, p STRING, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/full_of_changes.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `n` BIGINT, `yk` VARCHAR(2147483647), `m` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x.k, x.n, y.k yk, y.m FROM (SELECT k, COUNT(*) n FROM ev GROUP BY k) x FULL JOIN (SELECT k, SUM(w) m FROM b GROUP BY k) y ON x.k = y.k;
