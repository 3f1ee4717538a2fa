CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/using_right.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/using_right.2.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b INT, c INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, ev.id, ev2.id FROM ev RIGHT JOIN ev2 USING (u);
