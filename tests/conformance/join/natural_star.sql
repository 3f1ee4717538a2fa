CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/natural_star.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/natural_star.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM (SELECT id, u FROM ev) x NATURAL LEFT JOIN (SELECT id, u, q AS r FROM ev2) y;
