CREATE TABLE l0 (
  id INT, k STRING, g INT, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='topn_dedup/limit_by_aggregate.jsonl','format'='json');
CREATE TABLE `result` (`kk` VARCHAR(2147483647), `EXPR$1` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k AS kk, SUM(v) FROM l0 GROUP BY k ORDER BY COUNT(*) DESC, kk LIMIT 2;
