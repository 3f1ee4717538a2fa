CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/interval_multi.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/interval_multi.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT x.id, y.id FROM ev x JOIN ev2 y ON x.u = y.u AND x.p = y.p AND y.ts BETWEEN x.ts - INTERVAL '10' SECOND AND x.ts + INTERVAL '5' SECOND AND x.v > 0;
