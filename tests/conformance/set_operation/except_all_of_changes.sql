CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='set_operation/except_all_of_changes.jsonl','format'='json');
CREATE TABLE b (
  id INT, k STRING, w BIGINT, p STRING, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='set_operation/except_all_of_changes.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `n` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT k, COUNT(*) n FROM ev GROUP BY k EXCEPT ALL SELECT k, COUNT(*) FROM b GROUP BY k;
