-- The bytes of a line.
CREATE TABLE t (
  s BYTES
) WITH (
  'connector' = 'filesystem', 'path' = 'format/raw_bytes.jsonl', 'format' = 'raw'
);
CREATE TABLE `result` (
  s BYTES
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
