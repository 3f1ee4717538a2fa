CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='over/lag_two.jsonl','format'='json');
CREATE TABLE `result` (id INT, a BIGINT, b STRING, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LAG(v) OVER (PARTITION BY u ORDER BY ts), LAG(s, 2) OVER (PARTITION BY u ORDER BY ts), SUM(v) OVER (PARTITION BY u ORDER BY ts) FROM ev;
