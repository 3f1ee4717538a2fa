CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/not_exists.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/not_exists.2.jsonl','format'='json');
CREATE TABLE `result` (a INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id FROM ev x WHERE NOT EXISTS (SELECT 1 FROM ev2 y WHERE y.u = x.u AND y.v = x.v);
