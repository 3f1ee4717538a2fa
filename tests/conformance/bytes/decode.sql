CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/decode.jsonl','format'='json');
CREATE TABLE `result` (id INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id,
  DECODE(v,'UTF-8'),
  DECODE(v,'US-ASCII'),
  DECODE(v,'ISO-8859-1'),
  DECODE(v,'UTF-16BE'),
  DECODE(ENCODE(s,'UTF-16LE'),'UTF-16LE'),
  DECODE(X'c3a9','UTF-8'),
  DECODE(v,'UTF-16')
FROM t;
