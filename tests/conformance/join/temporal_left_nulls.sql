CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/temporal_left_nulls.jsonl','format'='json');
CREATE TABLE vt (
  k STRING, rate BIGINT, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND, PRIMARY KEY (k) NOT ENFORCED
) WITH ('connector'='filesystem','path'='join/temporal_left_nulls.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `k` VARCHAR(2147483647), `rate` BIGINT, `ts2` TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ev.k, rate, vt.ts2 FROM ev LEFT JOIN vt FOR SYSTEM_TIME AS OF ev.ts AS vt ON ev.k = vt.k;
