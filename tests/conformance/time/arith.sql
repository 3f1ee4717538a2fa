CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='time/arith.jsonl','format'='json');
CREATE TABLE `result` (id INT, a TIMESTAMP(3), b TIMESTAMP(3), c BOOLEAN, e INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, ts + INTERVAL '1' DAY - INTERVAL '90' MINUTE, TIMESTAMPADD(WEEK, 1, ts), ts > TIMESTAMP '2025-10-09 09:00:00', TIMESTAMPDIFF(MINUTE, TIMESTAMP '2025-10-09 08:00:00', ts) FROM ev;
