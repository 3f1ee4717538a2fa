CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, a TIMESTAMP(3), b TIMESTAMP(3), c TIMESTAMP(3), e TIMESTAMP(3)
) WITH ('connector'='filesystem','path'='scalar/overlaps.jsonl','format'='json');
CREATE TABLE `result` (id INT, x BOOLEAN, y BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, (a, b) OVERLAPS (c, e), (a, INTERVAL '2' MINUTE) OVERLAPS (c, INTERVAL '1' MINUTE) FROM ev;
