CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_two.jsonl','format'='json');
CREATE TABLE ev2 (
  id INT, u STRING, p STRING, w BIGINT, q STRING, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='subquery/scalar_two.2.jsonl','format'='json');
CREATE TABLE `result` (a INT, b BIGINT, c BIGINT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, v - (SELECT MIN(w) FROM ev2), (SELECT MAX(w) FROM ev2 WHERE ev2.u = ev.u AND ev2.p = ev.p) FROM ev WHERE id > (SELECT MIN(id) FROM ev2);
