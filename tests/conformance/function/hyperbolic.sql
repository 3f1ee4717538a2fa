CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/hyperbolic.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 DOUBLE, c1 DOUBLE, c2 DOUBLE, c3 DOUBLE, c4 DOUBLE, c5 DOUBLE, c6 DOUBLE, c7 DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, SINH(id), COSH(v / 10), TANH(d), COT(id), ATAN2(d, 2), ATAN(d), ASIN(d / 200), ACOS(d / 200) FROM ev;
