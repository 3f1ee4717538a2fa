CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/instr.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 INT, c1 INT, c2 INT, c3 INT, c4 INT, c5 INT, c6 INT, c7 INT) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, LOCATE('a', s), LOCATE('a', s, 2), INSTR(s, 'o'), INSTR(s, 'o', 3), INSTR(s, 'o', 1, 2), INSTR(s, 'o', -1), INSTR(s, 'o', -1, 2), INSTR(s, 'o', 1, 3) FROM ev;
