CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='set_operation/parentheses.jsonl','format'='json');
CREATE TABLE b (
  id INT, k STRING, w BIGINT, p STRING, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='set_operation/parentheses.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `v` BIGINT) WITH ('connector'='print');
INSERT INTO `result`
(SELECT k, v FROM ev WHERE id < 10) UNION (SELECT k, w FROM b WHERE id < 110);
