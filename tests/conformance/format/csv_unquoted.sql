-- Tabs, and quotes that are none.
CREATE TABLE t (
  id INT, s STRING, u STRING
) WITH (
  'connector' = 'filesystem', 'path' = 'format/csv_unquoted.jsonl', 'format' = 'csv',
  'csv.field-delimiter' = '\t',
  'csv.disable-quote-character' = 'true'
);
CREATE TABLE `result` (
  id INT, s STRING, u STRING
) WITH ('connector' = 'print');
INSERT INTO `result` SELECT * FROM t;
