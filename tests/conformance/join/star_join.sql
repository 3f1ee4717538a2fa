CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/star_join.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/star_join.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b STRING, c STRING, d BIGINT, e DOUBLE, f STRING, g BOOLEAN, h TIMESTAMP(3), i INT, j STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT * FROM ev JOIN (SELECT id, q FROM ev2) AS r ON ev.id = r.id;
