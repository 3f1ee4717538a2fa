CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/literals.jsonl','format'='json');
CREATE TABLE `result` (id INT, c0 STRING, c1 STRING, c2 STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id,
  CAST(X'48656c6c6f' AS STRING),
  CAST(x'00ff' AS STRING),
  CAST(X'' AS STRING)
FROM t ;
