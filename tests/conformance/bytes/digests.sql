CREATE TABLE t (id INT, v BYTES, w VARBINARY(3), x BINARY(4), s STRING) WITH ('connector'='filesystem','path'='bytes/digests.jsonl','format'='json');
CREATE TABLE `result` (id INT, c0 STRING, c1 STRING, c2 STRING, c3 STRING, c4 STRING, c5 STRING, c6 STRING, c7 STRING, c8 STRING, c9 STRING, c10 STRING, c11 STRING, c12 STRING, c13 STRING) WITH ('connector'='print');
INSERT INTO `result` SELECT id,
  MD5(v),
  SHA1(v),
  SHA224(v),
  SHA256(v),
  SHA384(w),
  SHA512(x),
  SHA2(v,256),
  SHA2(s,512),
  SHA2(s,224),
  MD5(s),
  TO_BASE64(v),
  TO_BASE64(w),
  TO_BASE64(s),
  FROM_BASE64(TO_BASE64(s))
FROM t;
