CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_self.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v FROM ev AS a WHERE v = (SELECT MAX(v) FROM ev AS b WHERE b.u = a.u);
