CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/math.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b DOUBLE, c DOUBLE, e DOUBLE, f BIGINT, g DOUBLE, h DOUBLE) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ABS(v), ROUND(d, 1), POWER(v, 2), SQRT(ABS(d)), SIGN(v), FLOOR(d), CEIL(d) FROM ev;
