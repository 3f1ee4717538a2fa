CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/encode.jsonl','format'='json');
CREATE TABLE `result` (id INT, c0 BYTES, c1 BYTES, c2 BYTES, c3 BYTES, c4 BYTES, c5 BYTES, c6 BYTES, c7 BYTES, c8 BYTES, c9 BYTES, c10 BYTES, c11 BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT id,
  ENCODE(s,'UTF-8'),
  ENCODE(s,'UTF-16'),
  ENCODE(s,'UTF-16BE'),
  ENCODE(s,'UTF-16LE'),
  ENCODE(s,'US-ASCII'),
  ENCODE(s,'ISO-8859-1'),
  ENCODE(s,'latin1'),
  UNHEX('4142'),
  UNHEX('414'),
  UNHEX('4g'),
  UNHEX(s),
  UNHEX('')
FROM t;
