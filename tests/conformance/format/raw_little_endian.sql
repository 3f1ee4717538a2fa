-- Eight bytes, the lowest first.
CREATE TABLE t (
  s DOUBLE
) WITH (
  'connector' = 'filesystem', 'path' = 'format/raw_little_endian.jsonl', 'format' = 'raw',
  'raw.endianness' = 'little-endian'
);
CREATE TABLE `result` (
  s DOUBLE
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
