CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/cross.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/cross.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x.id, y.id FROM ev x CROSS JOIN ev2 y WHERE x.v = y.v AND x.p = y.p;
