CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/logs.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 DOUBLE, c1 DOUBLE, c2 DOUBLE, c3 DOUBLE, c4 DOUBLE, c5 DOUBLE, c6 DOUBLE, c7 DOUBLE, c8 DOUBLE, c9 DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LOG2(d), LOG10(d), LOG(2, d), LOG(d), LN(d), LOG(d, 10), LOG10(id), LOG10(v * 1e0), LOG10(1e-5), PI FROM ev;
