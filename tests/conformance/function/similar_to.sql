CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/similar_to.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 BOOLEAN, c1 BOOLEAN, c2 BOOLEAN, c3 BOOLEAN, c4 BOOLEAN, c5 BOOLEAN, c6 BOOLEAN, c7 BOOLEAN, c8 BOOLEAN, c9 BOOLEAN) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, s SIMILAR TO '(foo|ba)%', s SIMILAR TO 'ba[rz]', s NOT SIMILAR TO 'b_r', s SIMILAR TO '[a-f]*', s SIMILAR TO 'a,b,c?', s SIMILAR TO u, 'a.b' SIMILAR TO 'a.b', 'axb' SIMILAR TO 'a.b', '50%' SIMILAR TO '[0-9]+!%' ESCAPE '!', u SIMILAR TO '(a|b)' FROM ev;
