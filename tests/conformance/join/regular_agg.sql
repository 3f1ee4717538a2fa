CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/regular_agg.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/regular_agg.2.jsonl','format'='json');
CREATE TABLE `result` (u STRING, n BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x.u, COUNT(*) FROM ev x JOIN ev2 y ON x.u = y.u AND x.v = y.v GROUP BY x.u;
