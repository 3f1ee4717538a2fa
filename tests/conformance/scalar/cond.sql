CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='scalar/cond.jsonl','format'='json');
CREATE TABLE `result` (id INT, a STRING, b BIGINT, c BIGINT, e STRING, f BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, CASE v WHEN 1 THEN 'one' WHEN 2 THEN 'two' ELSE 'many' END, IFNULL(v, -1), IF(ok, v, -v), NULLIF(s, 'foo'), v BETWEEN 1 AND 5 FROM ev;
