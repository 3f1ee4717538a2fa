CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/three_way.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/three_way.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b INT, c INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x.id, y.id, z.id FROM ev x JOIN ev2 y ON x.v = y.v AND x.u = y.u JOIN ev z ON z.id = x.id AND z.ok;
