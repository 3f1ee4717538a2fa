CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/conditional.jsonl','format'='json');
CREATE TABLE `result` (id INT, c0 BYTES, c1 BYTES, c2 BYTES, c3 BYTES) WITH ('connector'='print');
INSERT INTO `result` SELECT id,
  COALESCE(v,X'00'),
  NULLIF(v,X''),
  CASE WHEN id=1 THEN v ELSE w END,
  IF(id=1,v,x)
FROM t;
