CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='agg/day_key.jsonl','format'='json');
CREATE TABLE `result` (d STRING, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm') AS d, COUNT(*) FROM ev GROUP BY DATE_FORMAT(ts, 'yyyy-MM-dd HH:mm');
