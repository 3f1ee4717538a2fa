CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/of_counts.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `s` VARCHAR(2147483647), `n` BIGINT, `rn` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, s, n, rn FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY n DESC, s) rn FROM (SELECT k, s, COUNT(*) n FROM ev GROUP BY k, s)) WHERE rn <= 2;
