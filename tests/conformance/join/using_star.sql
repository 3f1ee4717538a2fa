CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/using_star.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/using_star.2.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b STRING, c INT, d BIGINT, e DOUBLE, f STRING, g BOOLEAN, h TIMESTAMP(3), i INT, j BIGINT, k STRING, l TIMESTAMP(3)) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM ev JOIN ev2 USING (u, p);
