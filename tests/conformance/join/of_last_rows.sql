CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/of_last_rows.jsonl','format'='json');
CREATE TABLE b (
  id INT, k STRING, w BIGINT, p STRING, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/of_last_rows.2.jsonl','format'='json');
CREATE TABLE `result` (`k` VARCHAR(2147483647), `id` INT, `yid` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x.k, x.id, y.id yid FROM (SELECT k, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts DESC) rn FROM ev) WHERE rn = 1) x LEFT JOIN (SELECT k, id FROM (SELECT *, ROW_NUMBER() OVER (PARTITION BY k ORDER BY ts2 DESC) rn FROM b) WHERE rn = 1) y ON x.k = y.k;
