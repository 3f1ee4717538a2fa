CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/using_three.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/using_three.2.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b INT, c INT, d INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, ev.id, e2.id, e3.id FROM ev JOIN ev2 AS e2 USING (u) LEFT JOIN (SELECT u, id FROM ev2 WHERE w > 15) AS e3 USING (u);
