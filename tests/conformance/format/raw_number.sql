-- Eight bytes, the highest first.
CREATE TABLE t (
  s BIGINT
) WITH (
  'connector' = 'filesystem', 'path' = 'format/raw_number.jsonl', 'format' = 'raw'
);
CREATE TABLE `result` (
  s BIGINT
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
