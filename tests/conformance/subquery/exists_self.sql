CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/exists_self.jsonl','format'='json');
CREATE TABLE `result` (a INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id FROM ev AS a WHERE NOT EXISTS (SELECT 1 FROM ev AS b WHERE b.u = a.u AND b.id > a.id);
