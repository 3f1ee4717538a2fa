-- Two bytes.
CREATE TABLE t (
  s SMALLINT
) WITH (
  'connector' = 'filesystem', 'path' = 'format/raw_small.jsonl', 'format' = 'raw'
);
CREATE TABLE `result` (
  s SMALLINT
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
