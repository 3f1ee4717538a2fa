CREATE TABLE ev (
  id INT, u STRING, p STRING, v BIGINT, d DOUBLE, s STRING, ok BOOLEAN, ts TIMESTAMP(3),
  WATERMARK FOR ts AS ts - INTERVAL '5' SECOND
) WITH ('connector'='filesystem','path'='function/bin.jsonl','format'='json');
CREATE TABLE `result` (k INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING, c7 STRING, c8 STRING) WITH ('connector'='print');
INSERT INTO `result`
SELECT id, BIN(id), BIN(v), HEX(v), HEX(s), BIN(CAST(v AS INT)), SHA2(s, 256), SHA2(u, 512), ELT(id, 'a', 'b', 'c'), ELT(id, s, u) FROM ev;
