CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='pipeline/top_of_join_sums.jsonl','format'='json');
CREATE TABLE b (
  id INT, k STRING, w BIGINT, p STRING, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='pipeline/top_of_join_sums.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `t` BIGINT, `rn` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, t, rn FROM (SELECT k, t, ROW_NUMBER() OVER (ORDER BY t DESC, k) rn FROM (SELECT ev.k, SUM(v + w) t FROM ev JOIN b ON ev.k = b.k GROUP BY ev.k)) WHERE rn <= 2;
