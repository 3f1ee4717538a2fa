CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='join/cross_updating.jsonl','format'='json');
CREATE TABLE `result` (a STRING, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT u, n * 100 / total FROM (SELECT u, COUNT(*) AS n FROM ev GROUP BY u) CROSS JOIN (SELECT COUNT(*) AS total FROM ev);
