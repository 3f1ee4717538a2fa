CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/compare.jsonl','format'='json');
CREATE TABLE `result` (id INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id,
  CAST(v=w AS STRING),
  CAST(v=X'68656c6c6f' AS STRING),
  CAST(v<w AS STRING),
  CAST(v IS DISTINCT FROM w AS STRING),
  CAST(v<>x AS STRING),
  CAST(v>=X'68' AS STRING),
  CAST(v BETWEEN X'00' AND X'70' AS STRING)
FROM t ;
