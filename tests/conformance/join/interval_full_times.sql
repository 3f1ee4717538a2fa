CREATE TABLE ev (
  id INT, k STRING, v BIGINT, d DOUBLE, c DECIMAL(10,2), s STRING, ok BOOLEAN, ts TIMESTAMP(3), WATERMARK FOR ts AS ts - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/interval_full_times.jsonl','format'='json');
CREATE TABLE b (
  id INT, k STRING, w BIGINT, p STRING, ts2 TIMESTAMP(3), WATERMARK FOR ts2 AS ts2 - INTERVAL '4' SECOND
) WITH ('connector'='filesystem','path'='join/interval_full_times.2.jsonl','format'='json');
CREATE TABLE `result` (`id` INT, `bid` INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT ev.id, b.id bid FROM ev FULL JOIN b ON ev.k = b.k AND ts BETWEEN ts2 - INTERVAL '3' SECOND AND ts2 + INTERVAL '2' SECOND;
