-- Lines as they are, empty ones too.
CREATE TABLE t (
  s STRING
) WITH (
  'connector' = 'filesystem', 'path' = 'format/raw_text.jsonl', 'format' = 'raw'
);
CREATE TABLE `result` (
  s STRING
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
